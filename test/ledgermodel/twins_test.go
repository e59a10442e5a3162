package ledgermodel_test

import (
	"maps"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"havip/ledger"
	"havip/test/ledgermodel"
)

// twins are the ledger and its model under one clock.
type twins struct {
	ledger   *ledger.Ledger
	model    *ledgermodel.Model
	now      time.Time
	promises *promises

	// items and facts are as the ledger showed them last.
	items map[ledger.Owner]ledger.Item
	facts map[string]ledger.Batch
	// tickets counts those given out, ticketOf keeps the one that began the last attempt of an item.
	tickets  int
	ticketOf map[ledger.Owner]string
}

func newTwins(client redis.UniversalClient) *twins {
	w := &twins{
		now:      time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		promises: newPromises(),
		items:    map[ledger.Owner]ledger.Item{},
		facts:    map[string]ledger.Batch{},
		ticketOf: map[ledger.Owner]string{},
	}
	clock := func() time.Time { return w.now }
	w.ledger = ledger.New(client, ledger.WithClock(clock))
	w.model = ledgermodel.New(clock)
	return w
}

// step lets the next thing happen.
func (w *twins) step(t *rapid.T) {
	next := rapid.Custom(w.draw).Draw(t, w.now.Format("02 15:04:05.000"))
	w.now = w.now.Add(next.passes)
	before := w.items
	w.call(t, next.batch, next.call)
	if next.replyLost {
		w.repeat(t, next, !cmp.Equal(before, w.items))
	}
}

// call has both answer, and compares what they say, and the batch afterwards.
func (w *twins) call(t *rapid.T, batch string, o operation) {
	answer, err := o.onLedger(t.Context(), w.ledger)
	ok(t, err)
	t.Logf("-> %v", verdictOf(answer))
	equal(t, "answer", o.onModel(w.model), answer)

	before, was := w.items, w.facts[batch]
	w.look(t, batch)
	w.promises.keep(t, step{o, answer, before, w.items, ledger.Millis(w.now.UnixMilli())})
	w.promises.lines[batch].keep(t, lineStep{o, batch, was, w.facts[batch], before, w.items})
	if b, is := o.(begin); is && answer.(ledger.Start).Verdict == ledger.Begun {
		w.ticketOf[b.item] = b.options.Ticket
	}
	if b, is := o.(beginDeletion); is && answer.(ledger.Start).Verdict == ledger.Begun {
		w.ticketOf[b.item] = b.options.Ticket
	}
}

// look reads a batch, and compares.
func (w *twins) look(t *rapid.T, batch string) {
	items, facts := w.readItems(t, batch), w.readBatch(t, batch)
	equal(t, "items", w.model.Items(batch), items)
	equal(t, "batch", w.model.Batch(batch), facts)
	countersAgree(t, items, facts)
	oldest, err := w.ledger.OldestDoubt(t.Context(), batch)
	ok(t, err)
	equal(t, "oldest doubt", w.model.OldestDoubt(batch), oldest)
	w.facts[batch] = facts
	noticesAreOfCompletions(t, facts)
	w.items = maps.Clone(w.items)
	maps.DeleteFunc(w.items, func(owner ledger.Owner, _ ledger.Item) bool { return owner.Batch == batch }) // it may be forgotten
	for _, item := range items {
		w.items[ledger.Owner{Batch: batch, Key: item.Key}] = item
	}
}

// repeat calls again as after a lost reply: that changes nothing. A call that did something is
// repeated a moment later; of one that was refused, a moment later could be another story.
func (w *twins) repeat(t *rapid.T, again happening, later bool) {
	if later {
		w.now = w.now.Add(time.Millisecond)
	}
	before := w.readAll(t, again.batch)
	w.call(t, again.batch, again.call)
	equal(t, "everything after repeating", before, w.readAll(t, again.batch))
}

// audit compares all that there is to see.
func (w *twins) audit(t *rapid.T) {
	for _, batch := range batches {
		w.look(t, batch)
		equal(t, "events", w.model.Events(batch), w.readEvents(t, batch))
		for _, unmoved := range []time.Duration{0, time.Millisecond, time.Minute} {
			equal(t, "stale items", w.model.Stale(batch, unmoved), w.readStale(t, batch, unmoved))
		}
	}
	for owner, item := range w.items {
		log := w.readLog(t, item)
		equal(t, "log of "+owner.String(), w.model.Attempts(owner.Batch, owner.Key), log)
		w.promises.everySendIsLogged(t, owner, log)
	}
	equal(t, "batches", w.model.Batches(), w.readBatches(t))
	active, err := w.ledger.Active(t.Context(), 0, 10)
	ok(t, err)
	equal(t, "active batches", w.model.Active(), active)
}

func ok(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *rapid.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, visible...); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// visible leaves out what only the ledger's own decisions are about: the model has other means.
var visible = cmp.Options{
	cmpopts.IgnoreFields(ledger.Record{}, "RenewedAt", "RequestUntil", "Ticket", "ClockOffset", "Extras", "Round", "AbsentSince", "LookAgainAt", "UnansweredAt"),
	cmpopts.IgnoreFields(ledger.Attempt{}, "ClockOffset"),
}
