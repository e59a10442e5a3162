package ledgermodel

import (
	"cmp"
	"slices"
	"time"

	"havip/ledger"
)

// record is the item as the ledger shows it.
func (i *item) record() ledger.Record {
	rec := ledger.Record{
		State: i.state, Generation: i.generation, ClientToken: i.token, Fingerprint: i.spec.Fingerprint,
		Spent: i.spent, Past: i.past, Sends: len(i.sends), Attempts: i.attempts(),
		Unknown: i.inDoubt(), Lookup: i.look, Refusals: i.refusals(), RefusedSince: i.refusedSince(),
		RegisteredAt: i.registered, UpdatedAt: i.changed, EnqueuedAt: i.enqueued,
		FirstSentAt: i.firstSent, LastSentAt: i.lastSent, FirstFailedAt: i.failing, RenewedFor: i.renewedFor,
		LeaseUntil: i.lately().leaseUntil(), Worker: i.lately().Worker,
		Class: i.words.Class, Status: i.words.Status, Code: i.words.Code, Message: i.words.Message, RequestID: i.words.RequestID,
		HaVIPID: i.haVIPID, PrivateIPAddress: i.address, ConfirmAt: i.askAt,
	}
	rec.Deletes = len(i.deletes)
	if i.deletion != nil {
		wish := i.deletion.wish
		rec.Deletion = &wish
		if try := i.deletion.try; try != nil {
			rec.LeaseUntil, rec.Worker = try.leaseUntil(), try.Worker
		}
	}
	if i.inDoubt() {
		rec.UnknownSince = slices.Min(i.doubts)
	}
	if i.wish != nil {
		wish := *i.wish
		rec.Cancel = &wish
	}
	return rec
}

func (i *item) view() ledger.Item {
	item := ledger.Item{Batch: i.batch.name, Spec: i.spec, Record: i.record()}
	item.ClientToken = i.token
	return item
}

// Items are in the order of registration.
func (m *Model) Items(name string) []ledger.Item {
	b, found := m.batches[name]
	if !found {
		return nil
	}
	return views(b.items)
}

// Attempts is the log of an item, whole.
func (m *Model) Attempts(name, key string) []ledger.Attempt {
	var attempts []ledger.Attempt
	i := m.item(name, key)
	for _, s := range slices.Concat(i.sends, i.deletes) {
		attempts = append(attempts, s.Attempt)
	}
	return attempts
}

// Events are without IDs.
func (m *Model) Events(name string) []ledger.Event {
	b, found := m.batches[name]
	if !found {
		return nil
	}
	return b.events
}

// Batch is the zero one when there is none. When it was last updated is not modelled.
func (m *Model) Batch(name string) ledger.Batch {
	b, found := m.batches[name]
	if !found {
		return ledger.Batch{}
	}
	return b.facts()
}

// Batches are newest first.
func (m *Model) Batches() []ledger.Batch {
	batches := []ledger.Batch{}
	for _, b := range m.sorted(func(b *batch) ledger.Millis { return b.created }) {
		batches = append(batches, b.facts())
	}
	slices.Reverse(batches)
	return batches
}

// Active names the batches that may have work left, or come to owe a notice, by last registration.
func (m *Model) Active() []string {
	var names []string
	for _, b := range m.sorted(func(b *batch) ledger.Millis { return b.registered }) {
		if len(b.open()) > 0 || len(b.owed) > 0 || b.told != "" && b.committed == 0 {
			names = append(names, b.name)
		}
	}
	return names
}

// OldestDoubt is since when the unfinished item is in doubt that has been so for the longest, or 0.
func (m *Model) OldestDoubt(name string) ledger.Millis {
	b, found := m.batches[name]
	if !found {
		return 0
	}
	oldest := ledger.Millis(0)
	for _, i := range b.open() {
		if !i.inDoubt() {
			continue
		}
		if since := slices.Min(i.doubts) - i.lately().offset; oldest == 0 || since < oldest {
			oldest = since
		}
	}
	return oldest
}

// Stale are the unfinished items that have not moved for so long, the oldest first.
func (m *Model) Stale(name string, unmoved time.Duration) []ledger.Item {
	b, found := m.batches[name]
	if !found {
		return nil
	}
	fresh := func(i *item) bool { return m.now()-i.moved < span(unmoved) }
	stale := slices.DeleteFunc(b.open(), fresh)
	slices.SortFunc(stale, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.moved, b.moved), cmp.Compare(a.spec.Key, b.spec.Key))
	})
	return views(stale)
}

// sorted orders batches of one moment by name, as Redis does.
func (m *Model) sorted(by func(*batch) ledger.Millis) []*batch {
	batches := make([]*batch, 0, len(m.batches))
	for _, b := range m.batches {
		batches = append(batches, b)
	}
	slices.SortFunc(batches, func(a, b *batch) int {
		return cmp.Or(cmp.Compare(by(a), by(b)), cmp.Compare(a.name, b.name))
	})
	return batches
}

func views(items []*item) []ledger.Item {
	var views []ledger.Item
	for _, i := range items {
		views = append(views, i.view())
	}
	return views
}
