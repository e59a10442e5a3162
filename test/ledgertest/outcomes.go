package ledgertest

import (
	"strconv"
	"testing"
	"time"

	"havip/ledger"
)

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
