package ledgermodel

import (
	"cmp"
	"slices"

	"havip/ledger"
)

// Record enters the outcome of a send that was begun.
func (m *Model) Record(name, key string, n int, o ledger.Outcome) (ledger.Verdict, ledger.Record) {
	return m.decide(name, key, func(i *item, now ledger.Millis) ledger.Verdict {
		if m.forgotten(name, o.Generation) {
			return ledger.Gone
		}
		return i.hear(now, n, o)
	})
}

func (i *item) hear(now ledger.Millis, n int, o ledger.Outcome) ledger.Verdict {
	s := i.sends[n-1]
	was := s.Class
	news := s.log(o)
	switch {
	case o.State == ledger.Created:
		return i.prove(now, s, o, was == inFlight) // else it was decided before whether it counts
	case !news:
		i.hearAgain(now, s, o, was)
		return ledger.Same
	case s != i.flying():
		i.hearLate(now, s, o)
		return ledger.Late
	}
	s.counted = o.Counted
	i.fail(now, o)
	if o.Unknown {
		i.suspect(s.sentAt())
	}
	s.refused = o.State == ledger.Waiting && o.Status != 0
	i.look = i.look || o.Lookup
	i.answer(o)
	if i.wish != nil && !i.inDoubt() {
		i.withdraw(now, i.wish.Reason)
		return ledger.Applied
	}
	i.look = i.look || i.wish != nil // repeating it could create what a person does not want
	if o.State.Terminal() {
		i.wish = nil
	}
	i.enter(now, o.State, o.Code)
	return ledger.Applied
}

// log writes what is heard first, and reports whether this is.
func (s *send) log(o ledger.Outcome) bool {
	if s.Class != inFlight && s.Class != interrupted {
		return false
	}
	s.Class, s.Status, s.Code, s.Message = o.Class, o.Status, o.Code, o.Message
	s.RequestID, s.HaVIPID, s.DurationMS = o.RequestID, o.HaVIPID, o.DurationMS
	return true
}

// prove accepts that the HaVIP exists, whatever stands.
func (i *item) prove(now ledger.Millis, s *send, o ledger.Outcome, counts bool) ledger.Verdict {
	switch {
	case i.haVIPID == o.HaVIPID:
		return ledger.Same
	case i.haVIPID != "":
		i.tellExtra(now, o.HaVIPID)
		return ledger.Extra
	}
	if counts {
		s.counted = o.Counted
	}
	if s.Generation != i.generation && (i.flying() != nil || i.inDoubt()) {
		i.batch.tell(now, "doubtful", i.spec.Key, o.HaVIPID) // the present token may have made another
	}
	i.answer(o)
	i.obtain(now, ledger.Created, o.HaVIPID, o.PrivateIPAddress)
	return ledger.Applied
}

// obtain gives the item its HaVIP, which ends it where BCE has shown it.
func (i *item) obtain(now ledger.Millis, state ledger.State, id, address string) {
	finished := i.state.Terminal()
	i.haVIPID, i.address = id, address
	i.clearDoubt()
	if state == ledger.Adopted {
		i.forget()
	}
	if state == ledger.Created || address == "" {
		i.askAt = now
	}
	i.keep(now)
	i.enter(now, state, id)
	if finished {
		i.batch.reopened(now)
	}
}

// tellExtra is once for each HaVIP that is one too many.
func (i *item) tellExtra(now ledger.Millis, id string) {
	if slices.Contains(i.extras, id) {
		return
	}
	i.extras = append(i.extras, id)
	i.changed = now
	i.batch.tell(now, "extra", i.spec.Key, id)
}

// hearAgain: what is heard of a send twice is said of two requests, where Redis forgot one of them.
// Either may leave a doubt.
func (i *item) hearAgain(now ledger.Millis, s *send, o ledger.Outcome, was string) {
	if o.Unknown && o.Class != was && !i.settled() && (!i.inDoubt() || s.sentAt() < slices.Min(i.doubts)) {
		i.suspect(s.sentAt())
		i.changed = now
	}
}

// hearLate takes from a word that comes too late only its doubt. Where the item has another token by
// now, that doubt is of a request which was thought to be over when the item was given it.
func (i *item) hearLate(now ledger.Millis, s *send, o ledger.Outcome) {
	if !o.Unknown || i.haVIPID != "" {
		return
	}
	i.suspect(s.sentAt())
	i.look = i.look || s.Generation != i.generation
	i.changed = now
}

// fail keeps the time since when the item fails. An answer that does not count ends that, unless
// something is in doubt.
func (i *item) fail(now ledger.Millis, o ledger.Outcome) {
	if o.Counted {
		i.failing = cmp.Or(i.failing, now)
	} else if !i.inDoubt() {
		i.failing = 0
	}
}

func (i *item) answer(o ledger.Outcome) {
	i.answers = append(i.answers, o)
	i.words = o
	i.last().until = 0
}
