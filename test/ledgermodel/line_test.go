package ledgermodel_test

import (
	"maps"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"havip/ledger"
)

// line is which failures of a batch were forgiven, apart from what the ledger says.
type line struct{ forgiven map[ledger.Owner]bool }

// lineStep is a call, and how its batch stood before and after.
type lineStep struct {
	operation     operation
	batch         string
	was, is       ledger.Batch
	before, after map[ledger.Owner]ledger.Item
}

func (l *line) keep(t *rapid.T, s lineStep) {
	l.note(s)
	nothingIsBegunOnHold(t, s)
	if hold := s.is.Hold; s.was.Hold != nil && hold == nil {
		_, resumed := s.operation.(resume)
		_, forgotten := s.operation.(forget)
		if !resumed && !forgotten {
			t.Fatalf("%T let a held batch go on", s.operation)
		}
	}
	counted, limit := l.counted(s), string(s.is.Source.MaxFailures)
	if exceeded(counted, limit, s.is) && s.is.Hold == nil {
		t.Fatalf("%d failed under a limit of %s, and the batch is not held", counted, limit)
	}
	if hold := s.is.Hold; s.was.Hold == nil && hold != nil && hold.ByFailures() && !exceeded(counted, limit, s.is) {
		t.Fatalf("%d failed under a limit of %s, and the batch is held for it", counted, limit)
	}
}

// nothingIsBegunOnHold, but what is in doubt.
func nothingIsBegunOnHold(t *rapid.T, s lineStep) {
	for owner, item := range s.after {
		before := s.before[owner].Record
		inDoubt := before.Unknown || item.Record.Unknown // where a lease was over, the doubt came just before
		if owner.Batch == s.batch && s.was.Hold != nil && item.Record.Sends > before.Sends && !inDoubt {
			t.Fatalf("%s was begun while its batch was held", owner)
		}
	}
}

// note forgives what had failed when the batch was let go on, until that is tried again.
func (l *line) note(s lineStep) {
	_, resumed := s.operation.(resume)
	resumed = resumed && s.was.Hold != nil && s.was.Hold.ByFailures()
	maps.DeleteFunc(l.forgiven, func(owner ledger.Owner, _ bool) bool {
		_, known := s.after[owner]
		return !known
	})
	for owner, item := range s.after {
		failed := item.Record.State == ledger.Rejected || item.Record.State == ledger.Review
		l.forgiven[owner] = failed && owner.Batch == s.batch && (l.forgiven[owner] || resumed)
	}
}

func (l *line) counted(s lineStep) int64 { return s.is.Failed() - l.of(s.batch) }

func (l *line) of(batch string) (n int64) {
	for owner, is := range l.forgiven {
		if is && owner.Batch == batch {
			n++
		}
	}
	return n
}

// exceeded is of whole batches, where the limit is a percentage.
func exceeded(counted int64, limit string, b ledger.Batch) bool {
	percent, is := strings.CutSuffix(limit, "%")
	most, err := strconv.ParseFloat(percent, 64)
	switch {
	case err != nil:
		return false
	case is:
		return b.CommittedAt != 0 && float64(counted) > most*float64(b.Total)/100+1e-9
	}
	return float64(counted) > most
}
