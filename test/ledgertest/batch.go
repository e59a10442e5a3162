package ledgertest

import (
	"strings"
	"testing"
	"time"

	"havip/ledger"
)

func testAddress(t *testing.T, b *bench) {
	b.register(t, "learnt", "given up", "fixed")
	auto := createdOutcome
	auto.PrivateIPAddress = ""
	for _, key := range []string{"learnt", "given up", "fixed"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
	}
	b.record(t, "learnt", 1, auto, ledger.Applied)
	b.record(t, "given up", 1, auto, ledger.Applied)
	b.record(t, "fixed", 1, createdOutcome, ledger.Applied)
	equal(t, "pending", b.batch(t).AddressPending, int64(2))
	equal(t, "needs one", b.item(t, "learnt").Record.NeedsAddress(), true)

	note := func(key, id, address string, want ledger.Verdict) {
		t.Helper()
		verdict, err := b.NoteAddress(t.Context(), batch, key, id, address)
		if err != nil || verdict != want {
			t.Errorf("note %s %s %q: got %s, %v; want %s", key, id, address, verdict, err, want)
		}
	}
	note("learnt", "havip-other", "10.9.9.9", ledger.Absent)
	note("learnt", "havip-1", "10.0.0.7", ledger.Applied)
	note("learnt", "havip-1", "10.0.0.8", ledger.Same)
	note("fixed", "havip-1", "10.0.0.8", ledger.Same)
	note("given up", "havip-1", "", ledger.Applied)
	note("given up", "havip-1", "", ledger.Same)
	equal(t, "pending", b.batch(t).AddressPending, int64(0))
	equal(t, "needs none", b.item(t, "given up").Record.NeedsAddress(), false)
	note("given up", "havip-1", "10.0.0.5", ledger.Applied)
	equal(t, "pending", b.batch(t).AddressPending, int64(0))
	equal(t, "address", b.item(t, "learnt").Record.PrivateIPAddress, "10.0.0.7")
	equal(t, "address", b.item(t, "given up").Record.PrivateIPAddress, "10.0.0.5")
}

func testSettle(t *testing.T, b *bench) {
	b.register(t, "a", "b", "doubtful", "interrupted")
	settle := func(key string, state ledger.State, want ledger.Verdict) ledger.Record {
		t.Helper()
		verdict, rec, err := b.Settle(t.Context(), batch, key, state, "Reason", "why")
		if err != nil || verdict != want {
			t.Fatalf("settle %s: got %s, %v; want %s", key, verdict, err, want)
		}
		return rec
	}
	b.begin(t, "a", terms("t1"), ledger.Begun)
	settle("a", ledger.Review, ledger.Busy)
	b.pass(time.Minute)
	rec := settle("a", ledger.Review, ledger.Applied)
	equal(t, "state, code and message", []string{string(rec.State), rec.Code, rec.Message}, []string{"review", "Reason", "why"})
	settle("a", ledger.Rejected, ledger.Finished)
	settle("b", ledger.Rejected, ledger.Applied)
	// Rejected means that nothing was created, which is not certain of an item that was sent meanwhile.
	b.begin(t, "doubtful", terms("t1"), ledger.Begun)
	b.record(t, "doubtful", 1, unknownOutcome, ledger.Applied)
	b.begin(t, "interrupted", terms("t1"), ledger.Begun)
	b.pass(time.Minute)
	settle("doubtful", ledger.Rejected, ledger.Late)
	settle("interrupted", ledger.Rejected, ledger.Late)
	// The proof that was thought lost still counts.
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "counts", b.batch(t).Counts, map[ledger.State]int64{
		ledger.Created: 1, ledger.Rejected: 1, ledger.Unknown: 1, ledger.Sending: 1,
	})
}

func testCompletion(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "before the commit", b.batch(t).Done(), false)
	b.pass(time.Second)
	commit := func() {
		t.Helper()
		if err := b.Commit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	commit()
	got := b.batch(t)
	equal(t, "done", got.Done(), true)
	equal(t, "completed at", got.CompletedAt.Time(), b.clock())

	b.pass(time.Second)
	commit()
	equal(t, "committed at does not move", b.batch(t).CommittedAt, got.CommittedAt)
	equal(t, "completed at does not move", b.batch(t).CompletedAt, got.CompletedAt)

	b.register(t, "a", "b")
	equal(t, "a new item reopens it", b.batch(t).CompletedAt, ledger.Millis(0))
	commit()
	b.begin(t, "b", terms("t1"), ledger.Begun)
	b.record(t, "b", 1, rejectedOutcome, ledger.Applied)
	got = b.batch(t)
	equal(t, "done again", got.Done() && got.CompletedAt != 0, true)
	equal(t, "failed", got.Failed(), int64(1))
}

func testGrownBatch(t *testing.T, b *bench) {
	b.register(t, "a")
	if err := b.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "done", b.batch(t).Done(), true)
	b.register(t, "a")
	equal(t, "the same file again", b.batch(t).Done(), true)
	b.register(t, "a", "b") // and here the producer is killed
	b.begin(t, "b", terms("t1"), ledger.Begun)
	b.record(t, "b", 1, rejectedOutcome, ledger.Applied)
	equal(t, "grown, and its producer not through", b.batch(t).Done(), false)
}

func testCounters(t *testing.T, b *bench) {
	keys := manyKeys(30)
	b.register(t, keys...)
	outcomes := []ledger.Outcome{createdOutcome, unknownOutcome, rejectedOutcome, throttledOutcome}
	for i, key := range keys[:20] {
		b.begin(t, key, terms("t1"), ledger.Begun)
		outcome := outcomes[i%len(outcomes)]
		outcome.HaVIPID += key
		b.record(t, key, 1, outcome, ledger.Applied)
	}
	want := map[ledger.State]int64{}
	for item, err := range b.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		want[item.Record.State]++
	}
	got := b.batch(t)
	equal(t, "counts", got.Counts, want)
	equal(t, "open", got.Open(), int64(20))
}

func (b *bench) events(t *testing.T) []ledger.Event {
	t.Helper()
	events, err := b.Events(t.Context(), batch, "", 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func testEvents(t *testing.T, b *bench) {
	equal(t, "none", b.events(t), []ledger.Event(nil))
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, unknownOutcome, ledger.Applied)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	if err := b.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	b.record(t, "a", 2, createdOutcome, ledger.Applied)
	var story []string
	events := b.events(t)
	for _, event := range events {
		story = append(story, strings.TrimSpace(event.Kind+" "+event.Key+" "+event.Detail))
	}
	equal(t, "story", story, []string{
		"registered", "unknown a InternalError", "committed", "created a havip-1", "completed",
	})
	rest, err := b.Events(t.Context(), batch, events[2].ID, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "going on", rest, events[3:4])
}
