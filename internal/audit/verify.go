package audit

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// Records is what a [Verifier] needs of the ledger; [*ledger.Ledger] is one.
type Records interface {
	Batch(ctx context.Context, name string) (ledger.Batch, error)
	Items(ctx context.Context, batch string) iter.Seq2[ledger.Item, error]
	Owners(ctx context.Context, lane string, haVIPIDs []string) (map[string]ledger.Owner, error)
}

// Verifier compares batches with BCE. Ledger, Open and Clock are required.
type Verifier struct {
	Ledger Records
	// Open makes the client of a lane.
	Open func(ctx context.Context, lane tasks.Lane) (Cloud, error)
	// Rate spaces the requests to a lane; nil for no limit.
	Rate func(lane tasks.Lane) tasks.Rate
	// Clock is the ledger's.
	Clock func(ctx context.Context) (time.Time, error)
	// Listing, if set, is told after each page how many HaVIPs of the lane were listed so far, and
	// whether these are all.
	Listing func(lane tasks.Lane, haVIPs int, all bool)
}

// ownersChunk is how many owners one command asks for.
const ownersChunk = 500

// laneAudit is one lane while a batch is verified.
type laneAudit struct {
	index  *index
	api    Cloud
	reader tasks.Reader
	tally  *LaneTally
	// absent and present count the HaVIPs that the listing did not have, by what BCE said when it was
	// asked for them.
	absent, present int
}

// verification is one run over one batch.
type verification struct {
	*Verifier
	batch ledger.Batch
	lanes map[tasks.Lane]*laneAudit
	tally Tally
	found func(Finding) error
}

// Verify compares the batch with what exists, and hands each finding to found, in the order of the
// batch's items; an error of found ends it. A tally that comes with an error is of no use.
//
// The ledger is read three times: for the batch's lanes, then, once they are listed, for which
// HaVIPs are recorded, and only then is anything judged, for whether a HaVIP is a stray shows with
// the last item.
func (v *Verifier) Verify(ctx context.Context, batch string, found func(Finding) error) (Tally, error) {
	b, err := v.Ledger.Batch(ctx, batch)
	if err != nil {
		return Tally{}, err
	}
	run := &verification{
		Verifier: v, batch: b, found: found,
		lanes: map[tasks.Lane]*laneAudit{}, tally: Tally{Kinds: map[Kind]int{}},
	}
	for _, step := range []func(context.Context) error{run.list, run.record, run.findStrays, run.judge} {
		if err := step(ctx); err != nil {
			return run.tally, fmt.Errorf("verify batch %q: %w", batch, err)
		}
	}
	return run.tally, nil
}

// list lists the lanes of the batch.
func (v *verification) list(ctx context.Context) error {
	var lanes []tasks.Lane
	for item, err := range v.items(ctx, func(string, error) error { return nil }) {
		if err != nil {
			return err
		}
		if l := queue.LaneOf(item); !slices.Contains(lanes, l) {
			lanes = append(lanes, l)
		}
	}
	v.tally.Lanes = make([]LaneTally, len(lanes))
	for i, lane := range lanes {
		api, err := v.Open(ctx, lane)
		if err != nil {
			return err
		}
		var reader tasks.Reader
		if v.Rate != nil {
			reader.Rate = v.Rate(lane)
		}
		x, err := list(ctx, lane, reader.Pages(ctx, api), v.Clock, v.Listing)
		if err != nil {
			return err
		}
		v.tally.Lanes[i] = LaneTally{Lane: lane, Listed: x.listed}
		v.tally.HaVIPs += x.listed
		v.lanes[lane] = &laneAudit{index: x, api: api, reader: reader, tally: &v.tally.Lanes[i]}
	}
	return nil
}

// record notes which HaVIPs are recorded results, and what unfinished or failed items would account
// for. Items of a lane that was not listed were registered since: they are not judged.
func (v *verification) record(ctx context.Context) error {
	for _, l := range v.lanes {
		l.index.strays = newStrays()
	}
	for item, err := range v.items(ctx, func(string, error) error { return nil }) {
		if err != nil {
			return err
		}
		l := v.lanes[queue.LaneOf(item)]
		if l == nil {
			continue
		}
		if id := item.Record.HaVIPID; id != "" {
			l.index.record(id, item.Key)
		} else if isOpen(item.Record.State) {
			request, err := tasks.RequestOf(item.Spec)
			if err != nil {
				continue // judging it says so
			}
			l.index.strays.want(placeOf(request))
		}
	}
	return nil
}

// findStrays gathers what exists, is recorded by no item of the batch, and is no other batch's.
func (v *verification) findStrays(ctx context.Context) error {
	for lane, l := range v.lanes {
		var ids []string
		for id, e := range l.index.entries {
			if e.recordings == 0 {
				ids = append(ids, id)
			}
		}
		for chunk := range slices.Chunk(ids, ownersChunk) {
			owners, err := v.Ledger.Owners(ctx, lane.String(), chunk)
			if err != nil {
				return err
			}
			for _, id := range chunk {
				v.addStray(l.index, l.index.entries[id], owners)
			}
		}
		l.index.strays.sort()
	}
	return nil
}

func (v *verification) addStray(x *index, e *entry, owners map[string]ledger.Owner) {
	owner, owned := owners[e.id]
	switch {
	case owned && owner.Batch == v.batch.Name && owner.ForgottenGeneration == v.batch.ForgottenGeneration:
		x.strays.addOwned(owner, e)
	case !owned && x.since(e, v.batch.CreatedAt.Time()):
		x.strays.addUnowned(e)
	}
}

// isOpen reports whether an item in this state has no HaVIP on record and none was given up: one
// that exists would be its own.
func isOpen(state ledger.State) bool {
	switch state {
	case ledger.Queued, ledger.Sending, ledger.Unknown, ledger.Waiting, ledger.Rejected, ledger.Review:
		return true
	default:
		return false
	}
}
