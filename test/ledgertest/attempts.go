package ledgertest

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"havip/ledger"
)

func testBegin(t *testing.T, b *bench) {
	b.register(t, "a")
	start := b.begin(t, "a", terms("t1"), ledger.Begun)
	equal(t, "spec", start.Item.Spec, spec("a"))
	rec := b.item(t, "a").Record
	equal(t, "what Begin answered is what stands", start.Item.Record, rec)
	equal(t, "state", rec.State, ledger.Sending)
	equal(t, "sends", rec.Sends, 1)
	equal(t, "attempts", rec.Attempts, 0)
	equal(t, "sent at", rec.LastSentAt.Time(), b.clock())
	equal(t, "lease", rec.LeaseUntil.Time(), b.clock().Add(30*time.Second))
	equal(t, "marked as enqueued", rec.EnqueuedAt.Time(), b.clock())

	b.pass(10 * time.Second)
	busy := b.begin(t, "a", terms("t2"), ledger.Busy)
	equal(t, "wait", busy.Wait, 20*time.Second)
	equal(t, "log", b.attempts(t, "a"), []ledger.Attempt{
		{Number: 1, Generation: 1, At: rec.LastSentAt, Worker: "w1", Class: "sending"},
	})
}

func (b *bench) attempts(t *testing.T, key string) []ledger.Attempt {
	t.Helper()
	attempts, err := b.Attempts(t.Context(), b.item(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

func testBeginRepeated(t *testing.T, b *bench) {
	b.register(t, "a")
	first := b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pass(time.Second)
	again := b.begin(t, "a", terms("t1"), ledger.Begun)
	equal(t, "the same attempt", again.Item, first.Item)
	equal(t, "sends", b.item(t, "a").Record.Sends, 1)
}

func testTakeover(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pass(30*time.Second - time.Millisecond)
	b.begin(t, "a", terms("t2"), ledger.Busy)
	b.pass(time.Millisecond)
	o := terms("t2")
	o.Worker = "w2"
	start := b.begin(t, "a", o, ledger.Begun)
	rec := start.Item.Record
	equal(t, "sends", rec.Sends, 2)
	equal(t, "the interrupted attempt counts", rec.Attempts, 1)
	equal(t, "unknown", rec.Unknown, true)
	equal(t, "token", rec.ClientToken, "token-a")
	classes := []string{}
	for _, attempt := range b.attempts(t, "a") {
		classes = append(classes, attempt.Class+" by "+attempt.Worker)
	}
	equal(t, "log", classes, []string{"interrupted by w1", "sending by w2"})
}

func testLeasesDiffer(t *testing.T, b *bench) {
	b.register(t, "a")
	long, short := terms("t1"), terms("t2")
	long.Lease, short.Lease = time.Hour, 10*time.Second
	b.begin(t, "a", long, ledger.Begun)
	b.pass(time.Minute)
	equal(t, "wait", b.begin(t, "a", short, ledger.Busy).Wait, 59*time.Minute)
	b.pass(59 * time.Minute)
	b.begin(t, "a", short, ledger.Begun)
}

func testForeign(t *testing.T, b *bench) {
	b.register(t, "a")
	o := terms("t1")
	o.ClientToken = "another"
	start := b.begin(t, "a", o, ledger.Foreign)
	equal(t, "the item's own", start.Item.Record.ClientToken, "token-a")
	equal(t, "sends", b.item(t, "a").Record.Sends, 0)
	o.ClientToken, o.Fingerprint = "token-a", "fp-other"
	b.begin(t, "a", o, ledger.Conflict)
	o.Fingerprint = "fp-a"
	b.begin(t, "a", o, ledger.Begun)
}

var notSentOutcome = ledger.Outcome{State: ledger.Queued, Class: "not-sent", Counted: true}

func testHorizon(t *testing.T, b *bench) {
	b.register(t, "not sent", "unknown")
	o := terms("t1")
	o.TokenMaxAge, o.RetryHorizon = 0, time.Hour
	b.begin(t, "not sent", o, ledger.Begun)
	b.begin(t, "unknown", o, ledger.Begun)
	b.record(t, "not sent", 1, notSentOutcome, ledger.Applied)
	b.record(t, "unknown", 1, unknownOutcome, ledger.Applied)
	b.pass(time.Hour)
	o.Ticket = "t2"
	b.begin(t, "not sent", o, ledger.Begun)
	b.record(t, "not sent", 2, notSentOutcome, ledger.Applied)
	b.pass(time.Millisecond)
	o.Ticket = "t3"
	b.begin(t, "not sent", o, ledger.Exhausted)
	b.begin(t, "unknown", o, ledger.Lookup)
}

// Workers that were off, and waits that do not count, do not use up an item's retries. The token's age
// is another matter.
func testHorizonBeginsAnew(t *testing.T, b *bench) {
	b.register(t, "off", "waiting")
	for _, key := range []string{"off", "waiting"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
		b.record(t, key, 1, notSentOutcome, ledger.Applied)
	}
	b.begin(t, "waiting", terms("t2"), ledger.Begun)
	b.record(t, "waiting", 2, throttledOutcome, ledger.Applied)
	for hour := range 60 {
		b.pass(time.Hour)
		o := terms(strconv.Itoa(hour))
		o.TokenMaxAge = 0
		b.begin(t, "waiting", o, ledger.Begun)
		b.record(t, "waiting", hour+3, throttledOutcome, ledger.Applied)
	}
	o := terms("t3")
	o.LookedUp = true
	b.begin(t, "off", o, ledger.Begun)
	b.record(t, "off", 2, notSentOutcome, ledger.Applied)
	b.begin(t, "off", terms("t4"), ledger.Begun)
}

// A lease far longer than any was given by a clock that has been put back since.
func testClockPutBack(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pass(-24 * time.Hour)
	seen := b.begin(t, "a", terms("t2"), ledger.Lookup).Item.Record
	equal(t, "doubt", b.item(t, "a").Record.Unknown, true)
	equal(t, "the lookup waits from now on", seen.LastSentAt.Time(), b.clock())
	b.pass(time.Minute)
	seen = b.begin(t, "a", terms("t3"), ledger.Lookup).Item.Record
	equal(t, "and no longer", seen.LastSentAt.Time(), b.clock().Add(-time.Minute))
}

func testConcurrentBegin(t *testing.T, b *bench) {
	b.register(t, "a")
	const callers = 32
	verdictOf := make([]ledger.Verdict, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			start, err := b.Begin(t.Context(), batch, "a", terms(fmt.Sprint("t", i)))
			if err != nil {
				t.Error(err)
			}
			verdictOf[i] = start.Verdict
		})
	}
	wg.Wait()
	begun := 0
	for _, verdict := range verdictOf {
		if verdict == ledger.Begun {
			begun++
		}
	}
	equal(t, "begun", begun, 1)
	equal(t, "sends", b.item(t, "a").Record.Sends, 1)
}
