package audit

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"havip/ledger"
	"havip/tasks"
)

// Records is the part of the ledger that a [Verifier] uses; [*ledger.Ledger] implements it.
type Records interface {
	Batch(ctx context.Context, name string) (ledger.Batch, error)
	Items(ctx context.Context, batch string) iter.Seq2[ledger.Item, error]
	Owners(ctx context.Context, haVIPIDs []string) (map[string]ledger.Owner, error)
}

// Verifier compares batches with BCE. Ledger, Open and Clock are required.
type Verifier struct {
	Ledger Records
	// Open returns the client of a lane.
	Open func(ctx context.Context, lane tasks.Lane) (Cloud, error)
	// Reader reads a lane; nil means with the zero [tasks.Reader].
	Reader func(lane tasks.Lane) tasks.Reader
	// Clock is the ledger's.
	Clock func(ctx context.Context) (time.Time, error)
	// Listing, if set, is called after each page with the number of HaVIPs listed so far, and whether
	// the listing is complete.
	Listing func(lane tasks.Lane, haVIPs int, all bool)
}

// ownersChunk is how many owners one command reads.
const ownersChunk = 500

// laneAudit is one lane while a batch is verified.
type laneAudit struct {
	index  *index
	api    Cloud
	reader tasks.Reader
	tally  *LaneTally
	// absent and present count HaVIPs that the listing lacked, by the result of a request for each.
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

// Verify compares the batch with BCE and calls found with each finding, in the order of the batch's items; an error
// of found ends it. The tally is incomplete if there is an error.
//
// It reads the ledger three times: for the batch's lanes and what should exist there; after listing them, for the recorded HaVIPs;
// and to compare the items. Only after the second pass is it known which HaVIPs are unrecorded. Items that change meanwhile are left
// out.
func (v *Verifier) Verify(ctx context.Context, batch string, found func(Finding) error) (Tally, error) {
	b, err := v.Ledger.Batch(ctx, batch)
	if err != nil {
		return Tally{}, err
	}
	run := &verification{
		Verifier: v, batch: b, found: found,
		lanes: map[tasks.Lane]*laneAudit{}, tally: Tally{Kinds: map[Kind]int{}},
	}
	for _, step := range []func(context.Context) error{run.list, run.record, run.findUnrecorded, run.compare} {
		if err := step(ctx); err != nil {
			return run.tally, fmt.Errorf("verify batch %q: %w", batch, err)
		}
	}
	return run.tally, nil
}

// list lists the lanes of the batch.
func (v *verification) list(ctx context.Context) error {
	indexes, err := v.expect(ctx)
	if err != nil {
		return err
	}
	v.tally.Lanes = make([]LaneTally, len(indexes))
	for i, x := range indexes {
		api, err := v.Open(ctx, x.lane)
		if err != nil {
			return err
		}
		reader := readerOf(v.Reader, x.lane)
		if err := x.list(ctx, reader.Pages(ctx, api), v.Clock, v.Listing); err != nil {
			return err
		}
		v.tally.Lanes[i] = LaneTally{Lane: x.lane, Listed: x.listed}
		v.tally.HaVIPs += x.listed
		v.lanes[x.lane] = &laneAudit{index: x, api: api, reader: reader, tally: &v.tally.Lanes[i]}
	}
	return nil
}

// expect returns an index for each lane of the batch, in the order of its items, with the HaVIPs that they have recorded.
func (v *verification) expect(ctx context.Context) (indexes []*index, err error) {
	began, err := v.Clock(ctx)
	if err != nil {
		return nil, err
	}
	for item, err := range v.items(ctx, func(string, error) error { return nil }) {
		if err != nil {
			return nil, err
		}
		lane := tasks.LaneOf(item)
		i := slices.IndexFunc(indexes, func(x *index) bool { return x.lane == lane })
		if i < 0 {
			i, indexes = len(indexes), append(indexes, newIndex(lane, began))
		}
		if !item.Record.State.Succeeded() {
			continue
		}
		if request, err := tasks.RequestOf(item.Spec); err == nil { // else compare reports it
			indexes[i].expected.expect(item, request)
		}
	}
	return indexes, nil
}

// record collects the recorded HaVIPs and what unfinished and failed items want. Items of a lane that was not listed
// were registered since, and are not compared.
func (v *verification) record(ctx context.Context) error {
	for _, l := range v.lanes {
		l.index.unrecorded = newUnrecorded()
	}
	for item, err := range v.items(ctx, func(string, error) error { return nil }) {
		if err != nil {
			return err
		}
		l := v.lanes[tasks.LaneOf(item)]
		if l == nil {
			continue
		}
		if id := item.Record.HaVIPID; id != "" {
			l.index.record(id, item.Key)
		} else if isOpen(item.Record.State) {
			request, err := tasks.RequestOf(item.Spec)
			if err != nil {
				continue // compare reports it
			}
			l.index.unrecorded.want(placeOf(request))
		}
	}
	return nil
}

// findUnrecorded collects the HaVIPs that no item of the batch has recorded and that belong to no other batch.
func (v *verification) findUnrecorded(ctx context.Context) error {
	for _, l := range v.lanes {
		var ids []string
		for id, e := range l.index.entries {
			if e.recordings == 0 {
				ids = append(ids, id)
			}
		}
		for chunk := range slices.Chunk(ids, ownersChunk) {
			owners, err := v.Ledger.Owners(ctx, chunk)
			if err != nil {
				return err
			}
			for _, id := range chunk {
				v.addUnrecorded(l.index, l.index.entries[id], owners)
			}
		}
		l.index.unrecorded.sort()
	}
	return nil
}

func (v *verification) addUnrecorded(x *index, e *entry, owners map[string]ledger.Owner) {
	owner, owned := owners[e.id]
	switch {
	case owned && owner.Batch == v.batch.Name && owner.ForgottenGeneration == v.batch.ForgottenGeneration:
		x.unrecorded.addOwned(owner, e)
	case !owned && x.since(e, v.batch.CreatedAt.Time()):
		x.unrecorded.addUnowned(e)
	}
}

// isOpen reports whether an item in this state has no recorded HaVIP, but owns one that exists.
func isOpen(state ledger.State) bool {
	switch state {
	case ledger.Queued, ledger.Sending, ledger.Unknown, ledger.Waiting, ledger.Rejected, ledger.Review:
		return true
	default:
		return false
	}
}
