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

func testTokenAge(t *testing.T, b *bench) {
	b.register(t, "unknown", "not sent", "interrupted")
	for _, key := range []string{"unknown", "not sent", "interrupted"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
	}
	b.record(t, "unknown", 1, unknownOutcome, ledger.Applied)
	b.record(t, "not sent", 1, ledger.Outcome{State: ledger.Queued, Class: "not sent", Counted: true}, ledger.Applied)
	b.pass(20*time.Hour + time.Millisecond)
	b.begin(t, "unknown", terms("t2"), ledger.Lookup)
	b.begin(t, "interrupted", terms("t2"), ledger.Lookup)
	equal(t, "nothing was begun", b.item(t, "unknown").Record.Sends, 1)
}

// An old ledger that was restored does not know what was sent since: an item of which nothing was heard
// for longer than a token lives is looked for, whether it was sent or not.
func testIdle(t *testing.T, b *bench) {
	b.register(t, "never sent", "not sent", "renewed")
	b.begin(t, "not sent", terms("t1"), ledger.Begun)
	b.record(t, "not sent", 1, notSentOutcome, ledger.Applied)
	b.begin(t, "renewed", terms("t1"), ledger.Begun)
	b.record(t, "renewed", 1, throttledOutcome, ledger.Applied)
	b.pass(20 * time.Hour)
	b.renew(t, "renewed", "token-renewed", "next-renewed", ledger.Applied)
	b.pass(time.Millisecond)
	for _, key := range []string{"never sent", "not sent"} {
		before := b.item(t, key)
		b.begin(t, key, terms("t2"), ledger.Idle)
		equal(t, key+" is as it was", b.item(t, key), before)
		o := terms("t2")
		o.LookedUp = true
		b.begin(t, key, o, ledger.Begun)
		equal(t, key+"'s token", b.item(t, key).Record.ClientToken, "token-"+key)
	}
	b.begin(t, "renewed", terms("t2"), ledger.Begun) // its token was just made
}

// What an idle item's lookup found is adopted, although nothing of the item is in doubt.
func testAdoptIdle(t *testing.T, b *bench) {
	b.register(t, "a")
	b.pass(30 * time.Hour)
	seen := b.begin(t, "a", terms("t1"), ledger.Idle).Item.Record
	verdict, rec, err := b.Adopt(t.Context(), batch, "a", seen, "havip-1", "10.0.0.1")
	if err != nil || verdict != ledger.Applied || rec.HaVIPID != "havip-1" {
		t.Errorf("got %s, %+v, %v", verdict, rec, err)
	}
	equal(t, "counts", b.batch(t).Counts, map[ledger.State]int64{ledger.Adopted: 1})
}

// BCE may remember a token that it refused, and forget it or not when it is too old; nothing was
// created under it, so there is no need to find out. What comes later does not make it younger.
func testRefusedTokenAge(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, throttledOutcome, ledger.Applied)
	b.pass(10 * time.Hour)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	b.record(t, "a", 2, throttledOutcome, ledger.Applied)
	b.pass(10 * time.Hour)
	b.begin(t, "a", terms("t3"), ledger.Begun)
	b.record(t, "a", 3, notSentOutcome, ledger.Applied)
	b.pass(time.Millisecond)
	rec := b.begin(t, "a", terms("t4"), ledger.Stale).Item.Record
	equal(t, "nothing was begun", rec.Sends, 3)
	if verdict, _, err := b.Renew(t.Context(), batch, "a", rec, "next-a", "refused"); err != nil || verdict != ledger.Applied {
		t.Fatalf("renew: %s, %v", verdict, err)
	}
	rec = b.begin(t, "a", terms("t5"), ledger.Begun).Item.Record
	equal(t, "token", rec.ClientToken, "next-a")
	equal(t, "refused", rec.RefusedSince, ledger.Millis(0))
	b.record(t, "a", 4, throttledOutcome, ledger.Applied)
	b.pass(20 * time.Hour)
	b.begin(t, "a", terms("t6"), ledger.Begun)
}

// Begin answers what stands, also when the horizon would begin anew and a refusal is too old.
func testStaleAfterTheHorizon(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, throttledOutcome, ledger.Applied)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	b.record(t, "a", 2, notSentOutcome, ledger.Applied)
	b.pass(40*time.Hour + time.Millisecond)
	o := terms("t3")
	o.LookedUp = true
	equal(t, "answer", b.begin(t, "a", o, ledger.Stale).Item, b.item(t, "a"))
}

func testDoubtAfterRefusal(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, throttledOutcome, ledger.Applied)
	b.pass(20 * time.Hour)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	b.record(t, "a", 2, unknownOutcome, ledger.Applied)
	b.begin(t, "a", terms("t3"), ledger.Begun)
	b.record(t, "a", 3, throttledOutcome, ledger.Applied)
	b.pass(time.Millisecond)
	b.begin(t, "a", terms("t4"), ledger.Lookup)
}

// Sends that never arrive do not keep a token alive, however often they are tried.
func testTokenAgeDoesNotSlide(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t0"), ledger.Begun)
	b.record(t, "a", 1, unknownOutcome, ledger.Applied)
	for hour := range 20 {
		b.pass(time.Hour)
		b.begin(t, "a", terms(strconv.Itoa(hour)), ledger.Begun)
		b.record(t, "a", hour+2, ledger.Outcome{State: ledger.Queued, Class: "not-sent", Counted: true}, ledger.Applied)
	}
	b.pass(time.Millisecond)
	b.begin(t, "a", terms("last"), ledger.Lookup)
}

// A token ages by BCE's clock: when that has jumped, so has the token's age. Where it seems to be of the
// future, its workers do not agree on that clock, or one was put back: it may be dead.
func testTokenAgeIsBCEs(t *testing.T, b *bench) {
	b.register(t, "recorded", "interrupted", "behind")
	for _, key := range []string{"recorded", "interrupted", "behind"} {
		o := terms("t1")
		o.ClockOffset = time.Hour
		b.begin(t, key, o, ledger.Begun)
	}
	b.record(t, "recorded", 1, unknownOutcome, ledger.Applied)
	b.record(t, "behind", 1, unknownOutcome, ledger.Applied)
	b.pass(time.Minute)
	o := terms("t2")
	o.ClockOffset = 26 * time.Hour
	b.begin(t, "recorded", o, ledger.Lookup)
	b.begin(t, "interrupted", o, ledger.Lookup)
	o.ClockOffset = 59 * time.Minute
	b.begin(t, "behind", o, ledger.Begun)
	b.record(t, "behind", 2, unknownOutcome, ledger.Applied)
	o.ClockOffset, o.Ticket = 0, "t3"
	b.begin(t, "behind", o, ledger.Lookup)
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

// How old a token is that seems to be of the future, nobody knows: it may be dead.
func testTokenAgeAfterAClockWasPutBack(t *testing.T, b *bench) {
	b.register(t, "unknown", "refused", "a little")
	for _, key := range []string{"unknown", "refused", "a little"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
	}
	b.record(t, "unknown", 1, unknownOutcome, ledger.Applied)
	b.record(t, "a little", 1, unknownOutcome, ledger.Applied)
	b.record(t, "refused", 1, throttledOutcome, ledger.Applied)
	b.pass(-time.Minute)
	b.begin(t, "a little", terms("t2"), ledger.Begun)
	b.pass(-24 * time.Hour)
	b.begin(t, "unknown", terms("t2"), ledger.Lookup)
	b.begin(t, "refused", terms("t2"), ledger.Stale)
}

// Redis has lost its last second, and in it that a request was begun: what became of it still counts.
func testLostIntent(t *testing.T, b *bench) {
	b.register(t, "unknown", "created")
	rec := b.record(t, "unknown", 1, unknownOutcome, ledger.Late)
	equal(t, "doubt", rec.Unknown, true)
	equal(t, "since", rec.UnknownSince.Time(), b.clock())
	equal(t, "a HaVIP that is older is not its own", rec.FirstSentAt.Time(), b.clock())
	b.record(t, "created", 1, createdOutcome, ledger.Applied)
	b.pass(20*time.Hour + time.Millisecond)
	b.begin(t, "unknown", terms("t1"), ledger.Lookup)
}

// Redis has forgotten a request and given its number to the next one: what became of the first decides
// nothing about the second.
func testTicketsTellRequestsApart(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("second"), ledger.Begun)
	first := notSentOutcome
	first.Ticket = "first"
	b.record(t, "a", 1, first, ledger.Late)
	equal(t, "state", b.item(t, "a").Record.State, ledger.Sending)
	second := createdOutcome
	second.Ticket = "second"
	b.record(t, "a", 1, second, ledger.Applied)
}

// The answer of an earlier token's request arrives while the next token is in use: both may exist.
func testProofOfAnEarlierToken(t *testing.T, b *bench) {
	b.register(t, "calm", "sending", "unknown")
	for _, key := range []string{"calm", "sending", "unknown"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
		b.pass(time.Minute)
		b.begin(t, key, terms("t2"), ledger.Begun)
		b.record(t, key, 2, unknownOutcome, ledger.Applied)
		if verdict, _, err := b.Renew(t.Context(), batch, key, b.item(t, key).Record, "next-"+key, "absent"); err != nil || verdict != ledger.Applied {
			t.Fatal(verdict, err)
		}
		if key != "calm" {
			b.begin(t, key, terms("t3"), ledger.Begun)
		}
	}
	b.record(t, "unknown", 3, unknownOutcome, ledger.Applied)
	var doubtful []string
	for _, key := range []string{"calm", "sending", "unknown"} {
		b.record(t, key, 1, createdOutcome, ledger.Applied)
	}
	for _, event := range b.events(t) {
		if event.Kind == "doubtful" {
			doubtful = append(doubtful, event.Key+" "+event.Detail)
		}
	}
	equal(t, "told", doubtful, []string{"sending " + createdOutcome.HaVIPID, "unknown " + createdOutcome.HaVIPID})
}

func testLogIsBounded(t *testing.T, b *bench) {
	b.register(t, "a")
	const sends = 150
	for n := 1; n <= sends; n++ {
		b.begin(t, "a", terms(strconv.Itoa(n)), ledger.Begun)
		b.record(t, "a", n, throttledOutcome, ledger.Applied)
	}
	var numbers []int
	for _, attempt := range b.attempts(t, "a") {
		numbers = append(numbers, attempt.Number)
	}
	equal(t, "kept", len(numbers), 100)
	equal(t, "the first, and where the last begin", []int{numbers[0], numbers[19], numbers[20], numbers[99]}, []int{1, 20, 71, 150})
	equal(t, "fields in redis", b.rdb.HLen(t.Context(), "havip:{"+batch+"}:attempts").Val(), int64(100))
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

func testRecordOnce(t *testing.T, b *bench) {
	b.register(t, "a", "b")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pass(time.Second)
	rec := b.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "record answered is what stands", rec, b.item(t, "a").Record)
	equal(t, "state", rec.State, ledger.Created)
	equal(t, "haVipId", rec.HaVIPID, "havip-1")
	equal(t, "address", rec.PrivateIPAddress, "10.0.0.9")
	equal(t, "attempts", rec.Attempts, 1)
	before := b.batch(t)
	b.record(t, "a", 1, createdOutcome, ledger.Same)
	equal(t, "the batch after repeating", b.batch(t), before)
	equal(t, "the record after repeating", b.item(t, "a").Record, rec)

	b.begin(t, "b", terms("t1"), ledger.Begun)
	b.record(t, "b", 1, unknownOutcome, ledger.Applied)
	rec = b.record(t, "b", 1, unknownOutcome, ledger.Same)
	equal(t, "attempts", rec.Attempts, 1)
	log := b.attempts(t, "a")[0]
	equal(t, "log", log, ledger.Attempt{
		Number: 1, Generation: 1, At: log.At, Worker: "w1", Class: "created", Status: 200,
		RequestID: "r-1", HaVIPID: "havip-1", DurationMS: 12,
	})
}

func testCounting(t *testing.T, b *bench) {
	b.register(t, "a")
	for i, outcome := range []ledger.Outcome{throttledOutcome, throttledOutcome, unknownOutcome, throttledOutcome, createdOutcome} {
		b.begin(t, "a", terms(strconv.Itoa(i)), ledger.Begun)
		b.record(t, "a", i+1, outcome, ledger.Applied)
	}
	rec := b.item(t, "a").Record
	equal(t, "sends", rec.Sends, 5)
	equal(t, "attempts", rec.Attempts, 2)
}

// An attempt that was interrupted has been counted, whatever is heard of it later.
func testCountedOnce(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pass(time.Minute)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	b.record(t, "a", 2, unknownOutcome, ledger.Applied)
	rec := b.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "attempts of two sends", rec.Attempts, 2)
}

// Refusals in a row count while they are alike, and a doubt or another answer ends the row.
func testRefusals(t *testing.T, b *bench) {
	b.register(t, "a")
	denied := ledger.Outcome{State: ledger.Waiting, Class: "lane-fault", Status: 403, Code: "AccessDenied"}
	want := []int{1, 2, 1, 2, 0, 1}
	for i, outcome := range []ledger.Outcome{throttledOutcome, throttledOutcome, denied, denied, unknownOutcome, denied} {
		b.begin(t, "a", terms(strconv.Itoa(i)), ledger.Begun)
		rec := b.record(t, "a", i+1, outcome, ledger.Applied)
		equal(t, "refusals", rec.Refusals, want[i])
	}
}

func testLate(t *testing.T, b *bench) {
	b.register(t, "proof", "word")
	for _, key := range []string{"proof", "word"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
		b.pass(time.Minute)
		b.begin(t, key, terms("t2"), ledger.Begun)
	}
	b.record(t, "word", 1, rejectedOutcome, ledger.Late)
	equal(t, "a late no does not end the item", b.item(t, "word").Record.State, ledger.Sending)
	equal(t, "but is logged", b.attempts(t, "word")[0].Class, "rejected")

	rec := b.record(t, "proof", 1, createdOutcome, ledger.Applied)
	equal(t, "a late proof ends it", rec.State, ledger.Created)
	b.record(t, "proof", 2, createdOutcome, ledger.Same)
	equal(t, "counters", b.batch(t).Counts, map[ledger.State]int64{ledger.Created: 1, ledger.Sending: 1})
}

// What is heard again changes nothing, and is answered with what stands: also a doubt that comes beside
// another outcome, or after the item has its HaVIP.
func testHeardAgain(t *testing.T, b *bench) {
	b.register(t, "open", "created")
	b.sent(t, notSentOutcome, "open")
	b.sent(t, createdOutcome, "created")
	for _, key := range []string{"open", "created"} {
		b.record(t, key, 1, unknownOutcome, ledger.Same)
		rec := b.item(t, key).Record
		b.pass(time.Second)
		equal(t, key+": answer", b.record(t, key, 1, unknownOutcome, ledger.Same), rec)
		equal(t, key+": what stands", b.item(t, key).Record, rec)
	}
	equal(t, "doubt", b.item(t, "open").Record.Unknown, true)
}

func testExtra(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	second := createdOutcome
	second.HaVIPID = "havip-2"
	b.record(t, "a", 1, second, ledger.Extra)
	equal(t, "haVipId", b.item(t, "a").Record.HaVIPID, "havip-1")
	events := b.events(t)
	last := events[len(events)-1]
	equal(t, "event", last.Kind+" "+last.Detail, "extra havip-2")
	rec := b.item(t, "a").Record
	b.pass(time.Second)
	equal(t, "the record after repeating", b.record(t, "a", 1, second, ledger.Extra), rec)
	equal(t, "the events after repeating", b.events(t), events)
}

func testTerminal(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pass(time.Minute)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	b.record(t, "a", 2, rejectedOutcome, ledger.Applied)
	b.begin(t, "a", terms("t3"), ledger.Finished)
	b.record(t, "a", 1, unknownOutcome, ledger.Late)
	equal(t, "state", b.item(t, "a").Record.State, ledger.Rejected)
	if verdict, _, err := b.Settle(t.Context(), batch, "a", ledger.Review, "x", "y"); err != nil || verdict != ledger.Finished {
		t.Errorf("settle: %s, %v", verdict, err)
	}
}
