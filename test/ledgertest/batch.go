package ledgertest

import (
	"strings"
	"testing"
	"time"

	"havip/ledger"
)

func testAddress(t *testing.T, f *ledgerFixture) {
	f.register(t, "learnt", "given up", "fixed")
	auto := createdOutcome
	auto.PrivateIPAddress = ""
	for _, key := range []string{"learnt", "given up", "fixed"} {
		f.begin(t, key, terms("t1"), ledger.Begun)
	}
	f.record(t, "learnt", 1, auto, ledger.Applied)
	f.record(t, "given up", 1, auto, ledger.Applied)
	f.record(t, "fixed", 1, createdOutcome, ledger.Applied)
	equal(t, "pending", f.batch(t).AddressPending, int64(2))
	equal(t, "needs one", f.item(t, "learnt").Record.NeedsAddress(), true)

	note := func(key, id, address string, want ledger.Verdict) {
		t.Helper()
		verdict, err := f.NoteAddress(t.Context(), batch, key, id, address)
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
	equal(t, "pending", f.batch(t).AddressPending, int64(0))
	equal(t, "needs none", f.item(t, "given up").Record.NeedsAddress(), false)
	note("given up", "havip-1", "10.0.0.5", ledger.Applied)
	equal(t, "pending", f.batch(t).AddressPending, int64(0))
	equal(t, "address", f.item(t, "learnt").Record.PrivateIPAddress, "10.0.0.7")
	equal(t, "address", f.item(t, "given up").Record.PrivateIPAddress, "10.0.0.5")
}

func testSettle(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b", "doubtful", "interrupted")
	settle := func(key string, state ledger.State, want ledger.Verdict) ledger.Record {
		t.Helper()
		verdict, rec, err := f.Settle(t.Context(), batch, key, state, "Reason", "why")
		if err != nil || verdict != want {
			t.Fatalf("settle %s: got %s, %v; want %s", key, verdict, err, want)
		}
		return rec
	}
	f.begin(t, "a", terms("t1"), ledger.Begun)
	settle("a", ledger.Review, ledger.Busy)
	f.pass(time.Minute)
	rec := settle("a", ledger.Review, ledger.Applied)
	equal(t, "state, code and message", []string{string(rec.State), rec.Code, rec.Message}, []string{"review", "Reason", "why"})
	settle("a", ledger.Rejected, ledger.Finished)
	settle("b", ledger.Rejected, ledger.Applied)
	// Rejected means that nothing was created, which is not certain of an item that was sent meanwhile.
	f.begin(t, "doubtful", terms("t1"), ledger.Begun)
	f.record(t, "doubtful", 1, unknownOutcome, ledger.Applied)
	f.begin(t, "interrupted", terms("t1"), ledger.Begun)
	f.pass(time.Minute)
	settle("doubtful", ledger.Rejected, ledger.Late)
	settle("interrupted", ledger.Rejected, ledger.Late)
	// The proof that was thought lost still counts.
	f.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{
		ledger.Created: 1, ledger.Rejected: 1, ledger.Unknown: 1, ledger.Sending: 1,
	})
}

func testCompletion(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), ledger.Begun)
	f.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "before the commit", f.batch(t).Done(), false)
	f.pass(time.Second)
	commit := func() {
		t.Helper()
		if err := f.Commit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	commit()
	got := f.batch(t)
	equal(t, "done", got.Done(), true)
	equal(t, "completed at", got.CompletedAt.Time(), f.clock())

	f.pass(time.Second)
	commit()
	equal(t, "committed at does not move", f.batch(t).CommittedAt, got.CommittedAt)
	equal(t, "completed at does not move", f.batch(t).CompletedAt, got.CompletedAt)

	f.register(t, "a", "b")
	equal(t, "a new item reopens it", f.batch(t).CompletedAt, ledger.Millis(0))
	commit()
	f.begin(t, "b", terms("t1"), ledger.Begun)
	f.record(t, "b", 1, rejectedOutcome, ledger.Applied)
	got = f.batch(t)
	equal(t, "done again", got.Done() && got.CompletedAt != 0, true)
	equal(t, "failed", got.Failed(), int64(1))
}

func testGrownBatch(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	if err := f.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	f.begin(t, "a", terms("t1"), ledger.Begun)
	f.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "done", f.batch(t).Done(), true)
	f.register(t, "a")
	equal(t, "the same file again", f.batch(t).Done(), true)
	f.register(t, "a", "b") // and here the producer is killed
	f.begin(t, "b", terms("t1"), ledger.Begun)
	f.record(t, "b", 1, rejectedOutcome, ledger.Applied)
	equal(t, "grown, and its producer not through", f.batch(t).Done(), false)
}

func testCounters(t *testing.T, f *ledgerFixture) {
	keys := manyKeys(30)
	f.register(t, keys...)
	outcomes := []ledger.Outcome{createdOutcome, unknownOutcome, rejectedOutcome, throttledOutcome}
	for i, key := range keys[:20] {
		f.begin(t, key, terms("t1"), ledger.Begun)
		outcome := outcomes[i%len(outcomes)]
		outcome.HaVIPID += key
		f.record(t, key, 1, outcome, ledger.Applied)
	}
	want := map[ledger.State]int64{}
	for item, err := range f.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		want[item.Record.State]++
	}
	got := f.batch(t)
	equal(t, "counts", got.Counts, want)
	equal(t, "open", got.Open(), int64(20))
}

func (f *ledgerFixture) events(t *testing.T) []ledger.Event {
	t.Helper()
	events, err := f.Events(t.Context(), batch, "", 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func testEvents(t *testing.T, f *ledgerFixture) {
	equal(t, "none", f.events(t), []ledger.Event(nil))
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), ledger.Begun)
	f.record(t, "a", 1, unknownOutcome, ledger.Applied)
	f.begin(t, "a", terms("t2"), ledger.Begun)
	if err := f.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	f.record(t, "a", 2, createdOutcome, ledger.Applied)
	var story []string
	events := f.events(t)
	for _, event := range events {
		story = append(story, strings.TrimSpace(event.Kind+" "+event.Key+" "+event.Detail))
	}
	equal(t, "story", story, []string{
		"registered", "unknown a InternalError", "committed", "created a havip-1", "completed",
	})
	rest, err := f.Events(t.Context(), batch, events[2].ID, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "going on", rest, events[3:4])
}
