package ledgertest

import (
	"strconv"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// Redis has lost its last second, and in it that a request was begun: what became of it still counts.
func testLostIntent(t *testing.T, f *ledgerFixture) {
	f.register(t, "unknown", "created")
	rec := f.record(t, "unknown", 1, unknownOutcome, lifecycle.RecordedLate)
	equal(t, "doubt", rec.Unknown, true)
	equal(t, "since", rec.UnknownSince.Time(), f.clock())
	equal(t, "a HaVIP that is older is not its own", rec.FirstSentAt.Time(), f.clock())
	f.record(t, "created", 1, createdOutcome, lifecycle.RecordedApplied)
	f.pass(20*time.Hour + time.Millisecond)
	f.begin(t, "unknown", terms("t1"), lifecycle.StartLookup)
}

// Redis has forgotten a request and given its number to the next one: what became of the first decides
// nothing about the second.
func testTicketsTellRequestsApart(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("second"), lifecycle.StartSend)
	first := notSentOutcome
	first.Ticket = "first"
	f.record(t, "a", 1, first, lifecycle.RecordedLate)
	equal(t, "state", f.item(t, "a").Record.State, ledger.Sending)
	second := createdOutcome
	second.Ticket = "second"
	f.record(t, "a", 1, second, lifecycle.RecordedApplied)
}

// The answer of an earlier token's request arrives while the next token is in use: both may exist.
func testProofOfAnEarlierToken(t *testing.T, f *ledgerFixture) {
	f.register(t, "calm", "sending", "unknown")
	for _, key := range []string{"calm", "sending", "unknown"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		f.pass(time.Minute)
		f.begin(t, key, over(terms("t2"), "t1"), lifecycle.StartSend)
		f.record(t, key, 2, unknownOutcome, lifecycle.RecordedApplied)
		f.absent(t, key, "next-"+key, lifecycle.AbsenceRenewed)
		if key != "calm" {
			f.begin(t, key, terms("t3"), lifecycle.StartSend)
		}
	}
	f.record(t, "unknown", 3, unknownOutcome, lifecycle.RecordedApplied)
	var doubtful []string
	for _, key := range []string{"calm", "sending", "unknown"} {
		f.record(t, key, 1, createdOutcome, lifecycle.RecordedApplied)
	}
	for _, event := range f.events(t) {
		if event.Kind == "doubtful" {
			doubtful = append(doubtful, event.Key+" "+event.Detail)
		}
	}
	equal(t, "told", doubtful, []string{"sending " + createdOutcome.HaVIPID, "unknown " + createdOutcome.HaVIPID})
}

func testLogIsBounded(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	const sends = 150
	for n := 1; n <= sends; n++ {
		f.begin(t, "a", terms(strconv.Itoa(n)), lifecycle.StartSend)
		f.record(t, "a", n, throttledOutcome, lifecycle.RecordedApplied)
	}
	var numbers []int
	for _, attempt := range f.attempts(t, "a") {
		numbers = append(numbers, attempt.Number)
	}
	equal(t, "kept", len(numbers), 100)
	equal(t, "the first, and where the last begin", []int{numbers[0], numbers[19], numbers[20], numbers[99]}, []int{1, 20, 71, 150})
	equal(t, "fields in redis", f.rdb.HLen(t.Context(), "havip:{"+batch+"}:attempts").Val(), int64(100))
}

func testRecordOnce(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pass(time.Second)
	rec := f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "record answered is what stands", rec, f.item(t, "a").Record)
	equal(t, "state", rec.State, ledger.Created)
	equal(t, "haVipId", rec.HaVIPID, "havip-1")
	equal(t, "address", rec.PrivateIPAddress, "10.0.0.9")
	equal(t, "attempts", rec.Attempts, 1)
	before := f.batch(t)
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedSame)
	equal(t, "the batch after repeating", f.batch(t), before)
	equal(t, "the record after repeating", f.item(t, "a").Record, rec)

	f.begin(t, "b", terms("t1"), lifecycle.StartSend)
	f.record(t, "b", 1, unknownOutcome, lifecycle.RecordedApplied)
	rec = f.record(t, "b", 1, unknownOutcome, lifecycle.RecordedSame)
	equal(t, "attempts", rec.Attempts, 1)
	log := f.attempts(t, "a")[0]
	equal(t, "log", log, ledger.Attempt{
		Number: 1, Generation: 1, At: log.At, Worker: "w1", Class: "created", Status: 200,
		RequestID: "r-1", HaVIPID: "havip-1", DurationMS: 12,
	})
}

func testCounting(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	for i, outcome := range []ledger.Outcome{throttledOutcome, throttledOutcome, unknownOutcome, throttledOutcome, createdOutcome} {
		f.begin(t, "a", terms(strconv.Itoa(i)), lifecycle.StartSend)
		f.record(t, "a", i+1, outcome, lifecycle.RecordedApplied)
	}
	rec := f.item(t, "a").Record
	equal(t, "sends", rec.Sends, 5)
	equal(t, "attempts", rec.Attempts, 2)
}

// An attempt that was interrupted has been counted, whatever is heard of it later.
func testCountedOnce(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pass(time.Minute)
	f.begin(t, "a", over(terms("t2"), "t1"), lifecycle.StartSend)
	f.record(t, "a", 2, unknownOutcome, lifecycle.RecordedApplied)
	rec := f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "attempts of two sends", rec.Attempts, 2)
}

// Refusals in a row count while they are alike, and a doubt or another answer ends the row.
func testRefusals(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	denied := ledger.Outcome{State: ledger.Waiting, Class: "lane-fault", Status: 403, Code: "AccessDenied"}
	want := []int{1, 2, 1, 2, 0, 1}
	for i, outcome := range []ledger.Outcome{throttledOutcome, throttledOutcome, denied, denied, unknownOutcome, denied} {
		f.begin(t, "a", terms(strconv.Itoa(i)), lifecycle.StartSend)
		rec := f.record(t, "a", i+1, outcome, lifecycle.RecordedApplied)
		equal(t, "refusals", rec.Refusals, want[i])
	}
}

func testLate(t *testing.T, f *ledgerFixture) {
	f.register(t, "proof", "word")
	for _, key := range []string{"proof", "word"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		f.pass(time.Minute)
		f.begin(t, key, over(terms("t2"), "t1"), lifecycle.StartSend)
	}
	f.record(t, "word", 1, rejectedOutcome, lifecycle.RecordedLate)
	equal(t, "a late no does not end the item", f.item(t, "word").Record.State, ledger.Sending)
	equal(t, "but is logged", f.attempts(t, "word")[0].Class, "rejected")

	rec := f.record(t, "proof", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "a late proof ends it", rec.State, ledger.Created)
	f.record(t, "proof", 2, createdOutcome, lifecycle.RecordedSame)
	equal(t, "counters", f.batch(t).Counts, map[ledger.State]int64{ledger.Created: 1, ledger.Sending: 1})
}

// What is heard again changes nothing, and is answered with what stands: also a doubt that comes beside
// another outcome, or after the item has its HaVIP.
func testHeardAgain(t *testing.T, f *ledgerFixture) {
	f.register(t, "open", "created")
	f.sent(t, notSentOutcome, "open")
	f.sent(t, createdOutcome, "created")
	for _, key := range []string{"open", "created"} {
		f.record(t, key, 1, unknownOutcome, lifecycle.RecordedSame)
		rec := f.item(t, key).Record
		f.pass(time.Second)
		equal(t, key+": answer", f.record(t, key, 1, unknownOutcome, lifecycle.RecordedSame), rec)
		equal(t, key+": what stands", f.item(t, key).Record, rec)
	}
	equal(t, "doubt", f.item(t, "open").Record.Unknown, true)
}

func testExtra(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	second := createdOutcome
	second.HaVIPID = "havip-2"
	f.record(t, "a", 1, second, lifecycle.RecordedExtra)
	equal(t, "haVipId", f.item(t, "a").Record.HaVIPID, "havip-1")
	events := f.events(t)
	last := events[len(events)-1]
	equal(t, "event", last.Kind+" "+last.Detail, "extra havip-2")
	rec := f.item(t, "a").Record
	f.pass(time.Second)
	equal(t, "the record after repeating", f.record(t, "a", 1, second, lifecycle.RecordedExtra), rec)
	equal(t, "the events after repeating", f.events(t), events)
}

func testTerminal(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pass(time.Minute)
	f.begin(t, "a", over(terms("t2"), "t1"), lifecycle.StartSend)
	f.record(t, "a", 2, rejectedOutcome, lifecycle.RecordedApplied)
	f.begin(t, "a", terms("t3"), lifecycle.StartFinished)
	f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedLate)
	equal(t, "state", f.item(t, "a").Record.State, ledger.Rejected)
	if result, _, err := f.Settle(t.Context(), batch, "a", ledger.Review, "x", "y"); err != nil || result != lifecycle.SettledFinished {
		t.Errorf("settle: %s, %v", result, err)
	}
}
