package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/lifecycle"
)

// lived is the time that workers lived through.
func (f *ledgerFixture) lived(t *testing.T) lifecycle.Uptime {
	t.Helper()
	at, err := f.Uptime(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// look records what BCE shows of an item's HaVIP.
func (f *ledgerFixture) look(t *testing.T, key, id string, shown *ledger.ListedHaVIP, want lifecycle.Confirmation) ledger.Item {
	t.Helper()
	answers, err := f.Confirm(t.Context(), batch, []ledger.Look{{
		Key: key, HaVIPID: id, Shown: shown, ListedAt: f.lived(t), Next: "next-" + key, ConfirmWithin: 10 * time.Minute,
	}})
	if err != nil || len(answers) != 1 || answers[0].Result != want {
		t.Fatalf("look at %s: got %+v, %v; want %s", key, answers, err, want)
	}
	return answers[0].Item
}

// due are the keys of which BCE is to be asked by now.
func (f *ledgerFixture) due(t *testing.T) []string {
	t.Helper()
	items, _, err := f.Due(t.Context(), batch, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	itemKeys := []string{}
	for _, item := range items {
		itemKeys = append(itemKeys, item.Key)
	}
	return itemKeys
}

// An item is due only while its record says so: a failover may forget the record between two reads.
func testDueIsUnconfirmed(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	waiting := redis.Z{Score: float64(f.clock().UnixMilli()), Member: "a"}
	if err := f.rdb.ZAdd(t.Context(), "havip:{"+batch+"}:unconfirmed", waiting).Err(); err != nil {
		t.Fatal(err)
	}
	equal(t, "due", f.due(t), []string{})
	item := f.item(t, "a")
	if err := f.KeepClaims(t.Context(), "default/bj", []ledger.Item{item}); err != nil {
		t.Fatal(err)
	}
	equal(t, "owners", f.rdb.HLen(t.Context(), "havip:owners").Val(), int64(0))
}

func testConfirm(t *testing.T, f *ledgerFixture) {
	f.register(t, "own", "older", "gone")
	for i, key := range []string{"own", "older", "gone"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		auto := createdOutcome
		auto.HaVIPID, auto.PrivateIPAddress = fmt.Sprint("havip-", i), ""
		f.recordOnly(t, key, 1, auto, lifecycle.RecordedApplied)
	}
	if err := f.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	standing := f.batch(t)
	equal(t, "unconfirmed", standing.Unconfirmed, int64(3))
	equal(t, "open", standing.Open(), int64(3))
	equal(t, "completed", standing.CompletedAt, ledger.Millis(0))
	equal(t, "due", f.due(t), []string{"gone", "older", "own"})
	names, looked, err := f.Unconfirmed(t.Context(), 0, 10)
	equal(t, "batches", names, []string{batch})
	equal(t, "looked at", looked, 1)
	equal(t, "error", err, nil)

	f.look(t, "own", "havip-9", &ledger.ListedHaVIP{At: time.Now(), Address: "10.0.0.7"}, lifecycle.ConfirmationNone)
	f.look(t, "nobody", "havip-9", nil, lifecycle.ConfirmationNone)
	f.look(t, "own", "havip-0", &ledger.ListedHaVIP{At: time.Now()}, lifecycle.ConfirmationAgain)
	equal(t, "due", f.due(t), []string{"gone", "older"})
	f.pass(time.Second)
	equal(t, "due", f.due(t), []string{"gone", "older", "own"})
	f.look(t, "own", "havip-0", &ledger.ListedHaVIP{At: time.Now(), Address: "10.0.0.7"}, lifecycle.ConfirmationOwn)
	f.look(t, "own", "havip-0", &ledger.ListedHaVIP{At: time.Now(), Address: "10.0.0.8"}, lifecycle.ConfirmationNone)
	equal(t, "address", f.item(t, "own").Record.PrivateIPAddress, "10.0.0.7")
	f.look(t, "older", "havip-1", &ledger.ListedHaVIP{At: time.Now(), Address: "10.0.0.8", Age: time.Hour}, lifecycle.ConfirmationAdopted)
	equal(t, "unconfirmed", f.batch(t).Unconfirmed, int64(1))
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{ledger.Created: 2, ledger.Adopted: 1})

	f.look(t, "gone", "havip-2", nil, lifecycle.ConfirmationAgain)
	f.pass(-time.Hour) // what waits must not wait for the clock
	equal(t, "due", f.due(t), []string{"gone"})
	f.look(t, "gone", "havip-2", nil, lifecycle.ConfirmationAgain)
	f.pass(11 * time.Minute)
	item := f.look(t, "gone", "havip-2", nil, lifecycle.ConfirmationRenewed)
	equal(t, "token", item.ClientToken, "next-gone")
	equal(t, "unconfirmed", f.batch(t).Unconfirmed, int64(0))
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{ledger.Created: 1, ledger.Adopted: 1, ledger.Queued: 1})

	f.begin(t, "gone", terms("t2"), lifecycle.StartSend)
	again := createdOutcome
	again.HaVIPID = "havip-3"
	f.recordOnly(t, "gone", 2, again, lifecycle.RecordedApplied)
	equal(t, "completed", f.batch(t).CompletedAt, ledger.Millis(0))
	f.look(t, "gone", "havip-3", &ledger.ListedHaVIP{At: time.Now(), Address: "10.0.0.9"}, lifecycle.ConfirmationOwn)
	equal(t, "done", f.batch(t).Done() && f.batch(t).CompletedAt != 0, true)
	equal(t, "due", f.due(t), []string{})
}

func testSettle(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b", "doubtful", "interrupted")
	settle := func(key string, state ledger.State, want lifecycle.Settled) ledger.Record {
		t.Helper()
		result, rec, err := f.Settle(t.Context(), batch, key, state, "Reason", "why")
		if err != nil || result != want {
			t.Fatalf("settle %s: got %s, %v; want %s", key, result, err, want)
		}
		return rec
	}
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	settle("a", ledger.Review, lifecycle.SettledBusy)
	f.release(t, "a", call, lifecycle.ReleasedApplied)
	rec := settle("a", ledger.Review, lifecycle.SettledApplied)
	equal(t, "state, code and message", []string{string(rec.State), rec.Code, rec.Message}, []string{"review", "Reason", "why"})
	settle("a", ledger.Rejected, lifecycle.SettledFinished)
	settle("b", ledger.Rejected, lifecycle.SettledApplied)
	// Rejected means that nothing was created, which is not certain of an item that was sent meanwhile.
	f.begin(t, "doubtful", terms("t1"), lifecycle.StartSend)
	f.record(t, "doubtful", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.begin(t, "interrupted", terms("t1"), lifecycle.StartSend)
	f.release(t, "interrupted", call, lifecycle.ReleasedApplied)
	settle("doubtful", ledger.Rejected, lifecycle.SettledLate)
	settle("interrupted", ledger.Rejected, lifecycle.SettledLate)
	// The proof that was thought lost still counts.
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{
		ledger.Created: 1, ledger.Rejected: 1, ledger.Unknown: 1, ledger.Sending: 1,
	})
}

func testCompletion(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
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
	f.begin(t, "b", terms("t1"), lifecycle.StartSend)
	f.record(t, "b", 1, rejectedOutcome, lifecycle.RecordedApplied)
	got = f.batch(t)
	equal(t, "done again", got.Done() && got.CompletedAt != 0, true)
	equal(t, "failed", got.Failed(), int64(1))
}

func testGrownBatch(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	if err := f.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "done", f.batch(t).Done(), true)
	f.register(t, "a")
	equal(t, "the same file again", f.batch(t).Done(), true)
	f.register(t, "a", "b") // and here the producer is killed
	f.begin(t, "b", terms("t1"), lifecycle.StartSend)
	f.record(t, "b", 1, rejectedOutcome, lifecycle.RecordedApplied)
	equal(t, "grown, and its producer not through", f.batch(t).Done(), false)
}

func testCounters(t *testing.T, f *ledgerFixture) {
	keys := manyKeys(30)
	f.register(t, keys...)
	outcomes := []ledger.Outcome{createdOutcome, unknownOutcome, rejectedOutcome, throttledOutcome}
	for i, key := range keys[:20] {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		outcome := outcomes[i%len(outcomes)]
		outcome.HaVIPID += key
		f.record(t, key, 1, outcome, lifecycle.RecordedApplied)
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
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.begin(t, "a", terms("t2"), lifecycle.StartSend)
	if err := f.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	f.record(t, "a", 2, createdOutcome, lifecycle.RecordedApplied)
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
