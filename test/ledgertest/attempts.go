package ledgertest

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

func testBegin(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	start := f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	equal(t, "spec", start.Item.Spec, spec("a"))
	rec := f.item(t, "a").Record
	equal(t, "what Begin answered is what stands", start.Item.Record, rec)
	equal(t, "state", rec.State, ledger.Sending)
	equal(t, "sends", rec.Sends, 1)
	equal(t, "attempts", rec.Attempts, 0)
	equal(t, "sent at", rec.LastSentAt.Time(), f.clock())
	equal(t, "lease", rec.LeaseUntil.Time(), f.clock().Add(30*time.Second))
	equal(t, "marked as enqueued", rec.EnqueuedAt.Time(), f.clock())

	f.pass(10 * time.Second)
	busy := f.begin(t, "a", terms("t2"), lifecycle.StartBusy)
	equal(t, "wait", busy.Wait, lease)
	equal(t, "log", f.attempts(t, "a"), []ledger.Attempt{
		{Number: 1, Generation: 1, At: rec.LastSentAt, Worker: "w1", Class: "sending"},
	})
}

func (f *ledgerFixture) attempts(t *testing.T, key string) []ledger.Attempt {
	t.Helper()
	attempts, err := f.Attempts(t.Context(), f.item(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

func testBeginRepeated(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	first := f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pass(time.Second)
	again := f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	equal(t, "the same attempt", again.Item, first.Item)
	equal(t, "sends", f.item(t, "a").Record.Sends, 1)
}

// A caller gives back what it was answered; whether that still stands, it need not know.
func testKnown(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b", "c", "d")
	begin := func(key string, known ledger.Known, o ledger.BeginOptions, want lifecycle.Start) ledger.Start {
		t.Helper()
		start, err := f.Begin(t.Context(), batch, key, known, o)
		if err != nil || start.Result != want {
			t.Fatalf("begin %s: %s, %v; want %s", key, start.Result, err, want)
		}
		return start
	}
	notYet := terms("t1")
	notYet.NotYet = true
	for _, key := range []string{"a", "b", "c", "d"} {
		begin(key, ledger.Known{}, notYet, lifecycle.StartSend)
	}

	known := begin("a", ledger.Known{}, notYet, lifecycle.StartSend).Known
	f.pass(10 * time.Second)
	start := begin("a", known, terms("t1"), lifecycle.StartSend)
	equal(t, "what Begin answered is what stands", start.Item.Record, f.item(t, "a").Record)
	equal(t, "begun by the ledger's clock", start.Item.Record.LastSentAt.Time(), f.clock())
	begin("a", start.Known, terms("t2"), lifecycle.StartBusy)
	begin("a", known, terms("t3"), lifecycle.StartBusy) // it stands no more
	result, rec, err := f.Record(t.Context(), batch, "a", start.Known, 1, createdOutcome)
	equal(t, "recorded", [3]any{result, rec.State, err}, [3]any{lifecycle.RecordedApplied, ledger.Created, nil})
	equal(t, "the record that stands", rec, f.item(t, "a").Record)
	result, rec, err = f.Record(t.Context(), batch, "a", start.Known, 1, createdOutcome)
	equal(t, "recorded again", [3]any{result, rec.State, err}, [3]any{lifecycle.RecordedSame, ledger.Created, nil})
	equal(t, "requests in the log", len(f.attempts(t, "a")), 1)

	// Somebody else has taken the item over meanwhile.
	first := begin("b", ledger.Known{}, terms("t1"), lifecycle.StartSend)
	begin("b", ledger.Known{}, over(terms("t2"), "t1"), lifecycle.StartSend)
	result, rec, err = f.Record(t.Context(), batch, "b", first.Known, 1, rejectedOutcome)
	equal(t, "recorded late", [3]any{result, rec.State, err}, [3]any{lifecycle.RecordedLate, ledger.Sending, nil})

	// A person has paused the batch meanwhile, and then let it go on.
	known = begin("c", ledger.Known{}, notYet, lifecycle.StartSend).Known
	f.pause(t, true)
	known = begin("c", known, terms("t1"), lifecycle.StartPaused).Known
	f.resume(t, true)
	begin("c", known, terms("t1"), lifecycle.StartSend)

	// The batch has been forgotten meanwhile.
	known = begin("d", ledger.Known{}, notYet, lifecycle.StartSend).Known
	if err := f.rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	begin("d", known, terms("t1"), lifecycle.StartAbsent)
}

func testTakeover(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	o := over(terms("t2"), "t1")
	o.Watched.For -= time.Millisecond
	equal(t, "wait", f.begin(t, "a", o, lifecycle.StartBusy).Wait, time.Millisecond)
	f.begin(t, "a", over(terms("t2"), "t0"), lifecycle.StartBusy) // it watched another
	o = over(terms("t2"), "t1")
	o.Worker = "w2"
	start := f.begin(t, "a", o, lifecycle.StartSend)
	rec := start.Item.Record
	equal(t, "sends", rec.Sends, 2)
	equal(t, "the interrupted attempt counts", rec.Attempts, 1)
	equal(t, "unknown", rec.Unknown, true)
	equal(t, "token", rec.ClientToken, "token-a")
	classes := []string{}
	for _, attempt := range f.attempts(t, "a") {
		classes = append(classes, attempt.Class+" by "+attempt.Worker)
	}
	equal(t, "log", classes, []string{"interrupted by w1", "sending by w2"})
}

// Whatever the ledger's clock does, an attempt is in flight until somebody has watched it for its lease, and
// settling waits for that as well.
func testLeaseIsWatched(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	for _, step := range []time.Duration{20 * time.Second, time.Hour, -3 * time.Hour, 48 * time.Hour} {
		f.pass(step)
		equal(t, "wait", f.begin(t, "a", terms("t2"), lifecycle.StartBusy).Wait, lease)
		result, _, err := f.Settle(t.Context(), batch, "a", ledger.Review, "code", "message")
		equal(t, "settled", []any{result, err}, []any{lifecycle.SettledBusy, nil})
	}
}

func testLeasesDiffer(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	long, short := terms("t1"), terms("t2")
	long.Lease, short.Lease = time.Hour, 10*time.Second
	f.begin(t, "a", long, lifecycle.StartSend)
	short.Watched = ledger.Watched{Ticket: "t1", For: time.Minute}
	equal(t, "wait", f.begin(t, "a", short, lifecycle.StartBusy).Wait, 59*time.Minute)
	short.Watched.For = time.Hour
	f.begin(t, "a", short, lifecycle.StartSend)
}

func testForeign(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	o := terms("t1")
	o.ClientToken = "another"
	start := f.begin(t, "a", o, lifecycle.StartForeign)
	equal(t, "the item's own", start.Item.Record.ClientToken, "token-a")
	equal(t, "sends", f.item(t, "a").Record.Sends, 0)
	o.ClientToken, o.Fingerprint = "token-a", "fp-other"
	f.begin(t, "a", o, lifecycle.StartConflict)
	o.Fingerprint = "fp-a"
	f.begin(t, "a", o, lifecycle.StartSend)
}

var notSentOutcome = ledger.Outcome{State: ledger.Queued, Class: "not-sent", Counted: true}

func testHorizon(t *testing.T, f *ledgerFixture) {
	f.register(t, "not sent", "unknown")
	o := terms("t1")
	o.TokenMaxAge, o.RetryHorizon = 0, time.Hour
	f.begin(t, "not sent", o, lifecycle.StartSend)
	f.begin(t, "unknown", o, lifecycle.StartSend)
	f.record(t, "not sent", 1, notSentOutcome, lifecycle.RecordedApplied)
	f.record(t, "unknown", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.pass(time.Hour)
	o.Ticket = "t2"
	f.begin(t, "not sent", o, lifecycle.StartSend)
	f.record(t, "not sent", 2, notSentOutcome, lifecycle.RecordedApplied)
	f.pass(time.Millisecond)
	o.Ticket = "t3"
	f.begin(t, "not sent", o, lifecycle.StartExhausted)
	f.begin(t, "unknown", o, lifecycle.StartSend)
}

// Workers that were off, and waits that do not count, do not use up an item's retries. The token's age
// is another matter.
func testHorizonBeginsAnew(t *testing.T, f *ledgerFixture) {
	f.register(t, "off", "waiting")
	for _, key := range []string{"off", "waiting"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		f.record(t, key, 1, notSentOutcome, lifecycle.RecordedApplied)
	}
	f.begin(t, "waiting", terms("t2"), lifecycle.StartSend)
	f.record(t, "waiting", 2, throttledOutcome, lifecycle.RecordedApplied)
	for hour := range 60 {
		f.pass(time.Hour)
		o := terms(strconv.Itoa(hour))
		o.TokenMaxAge = 0
		f.begin(t, "waiting", o, lifecycle.StartSend)
		f.record(t, "waiting", hour+3, throttledOutcome, lifecycle.RecordedApplied)
	}
	o := terms("t3")
	o.LookedUp = true
	f.begin(t, "off", o, lifecycle.StartSend)
	f.record(t, "off", 2, notSentOutcome, lifecycle.RecordedApplied)
	f.begin(t, "off", terms("t4"), lifecycle.StartSend)
}

// An attempt of a clock that has been put back since is as long as any.
func testClockPutBack(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pass(-24 * time.Hour)
	f.begin(t, "a", terms("t2"), lifecycle.StartBusy)
	seen := f.begin(t, "a", over(terms("t2"), "t1"), lifecycle.StartLookup).Item.Record
	equal(t, "doubt", f.item(t, "a").Record.Unknown, true)
	equal(t, "the lookup waits from now on", seen.LastSentAt.Time(), f.clock())
	f.pass(time.Minute)
	seen = f.begin(t, "a", terms("t3"), lifecycle.StartLookup).Item.Record
	equal(t, "and no longer", seen.LastSentAt.Time(), f.clock().Add(-time.Minute))
}

func testConcurrentBegin(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	const callers = 32
	resultOf := make([]lifecycle.Start, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			start, err := f.Begin(t.Context(), batch, "a", ledger.Known{}, terms(fmt.Sprint("t", i)))
			if err != nil {
				t.Error(err)
			}
			resultOf[i] = start.Result
		})
	}
	wg.Wait()
	begun := 0
	for _, result := range resultOf {
		if result == lifecycle.StartSend {
			begun++
		}
	}
	equal(t, "begun", begun, 1)
	equal(t, "sends", f.item(t, "a").Record.Sends, 1)
}
