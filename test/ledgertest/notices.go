package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"havip/ledger"
)

const hook = "https://ops.example/hook"

// testNoticeOwed: with its completion, a batch owes a notice of how it stood, and each has its number.
func testNoticeOwed(t *testing.T, b *bench) {
	b.register(t, "a", "b")
	b.tell(t, hook)
	b.end(t, "a", createdOutcome)
	b.end(t, "b", rejectedOutcome)
	equal(t, "before the commit", b.batch(t).Owed, []ledger.Notice(nil))
	equal(t, "kept on the list until then", b.active(t), []string{batch})
	b.commit(t)
	first := ledger.Notice{
		Completion: 1, CompletedAt: ledger.Millis(b.clock().UnixMilli()), Total: 2,
		Counts: map[ledger.State]int64{ledger.Created: 1, ledger.Rejected: 1},
	}
	equal(t, "owed", b.batch(t).Owed, []ledger.Notice{first})
	equal(t, "failed", first.Failed(), int64(1))
	equal(t, "kept on the list while owed", b.active(t), []string{batch})

	b.commit(t)
	b.tell(t, hook)
	equal(t, "owed once", b.batch(t).Owed, []ledger.Notice{first})
	b.pass(time.Minute)
	b.register(t, "c")
	b.commit(t)
	b.end(t, "c", createdOutcome)
	second := ledger.Notice{
		Completion: 2, CompletedAt: ledger.Millis(b.clock().UnixMilli()), Total: 3,
		Counts: map[ledger.State]int64{ledger.Created: 2, ledger.Rejected: 1},
	}
	equal(t, "owed for each completion", b.batch(t).Owed, []ledger.Notice{first, second})
	equal(t, "completions", b.batch(t).Completions, int64(2))
}

// testNoticeOfTheDone: whoever is named when the batch is complete is told of that, once.
func testNoticeOfTheDone(t *testing.T, b *bench) {
	b.register(t, "a")
	b.commit(t)
	b.end(t, "a", createdOutcome)
	equal(t, "nobody to tell", len(b.batch(t).Owed), 0)
	equal(t, "off the list", b.active(t), []string(nil))
	b.tell(t, hook)
	equal(t, "told at once", len(b.batch(t).Owed), 1)
	equal(t, "on the list", b.active(t), []string{batch})
	b.hear(t, ledger.NoticeDelivered)
	b.tell(t, hook)
	equal(t, "told already", len(b.batch(t).Owed), 0)
	b.tell(t, hook+"/other")
	equal(t, "another was not", len(b.batch(t).Owed), 1)
	missing := b.SetOnComplete(t.Context(), "nope", hook)
	equal(t, "no batch", missing, error(&ledger.BatchNotFoundError{Batch: "nope"}))
}

// testNoticeOutcomes: failures count once each, and what is delivered or given up is owed no more.
func testNoticeOutcomes(t *testing.T, b *bench) {
	b.complete(t)
	seen := b.batch(t)
	b.hear(t, ledger.NoticeHeld)
	equal(t, "held is no attempt", b.batch(t).Owed[0].Attempts, 0)
	began := ledger.Millis(b.clock().UnixMilli())
	b.hear(t, ledger.NoticeFailed)
	b.recordNotice(t, seen, ledger.NoticeFailed, ledger.Same) // a lost reply
	b.pass(time.Second)
	b.hear(t, ledger.NoticeFailed)
	want := seen.Owed[0]
	want.Attempts, want.FirstTriedAt, want.LastTriedAt, want.Why = 2, began, ledger.Millis(b.clock().UnixMilli()), "heard"
	equal(t, "failed twice", b.batch(t).Owed, []ledger.Notice{want})

	// A delivery counts whatever another attempt has recorded since.
	b.recordNotice(t, seen, ledger.NoticeDelivered, ledger.Applied)
	b.recordNotice(t, seen, ledger.NoticeDelivered, ledger.Absent)
	equal(t, "owed no more", b.batch(t).Owed, []ledger.Notice(nil))
	equal(t, "off the list", b.active(t), []string(nil))
	equal(t, "told", b.lastEvent(t), "notified completion 1, attempt 3: heard")
}

func testNoticeGivenUp(t *testing.T, b *bench) {
	b.complete(t)
	b.hear(t, ledger.NoticeGivenUp)
	equal(t, "owed no more", b.batch(t).Owed, []ledger.Notice(nil))
	equal(t, "kept for people", b.batch(t).GaveUp.Why, "heard")
	equal(t, "told", b.lastEvent(t), "notify-failed completion 1, attempts 1: heard")
	b.tell(t, hook)
	equal(t, "owed afresh when it is asked for again", len(b.batch(t).Owed), 1)
	equal(t, "and not given up", b.batch(t).GaveUp, (*ledger.Notice)(nil))
}

// testNoticeToAnother: what one URL heard is nothing that another did.
func testNoticeToAnother(t *testing.T, b *bench) {
	b.complete(t)
	seen := b.batch(t)
	b.tell(t, hook+"/other")
	b.recordNotice(t, seen, ledger.NoticeDelivered, ledger.Late)
	equal(t, "still owed", len(b.batch(t).Owed), 1)
}

// testNoticesAreBounded: what a batch owes takes no more room however often it completes.
func testNoticesAreBounded(t *testing.T, b *bench) {
	const kept = 20
	b.complete(t)
	for i := range kept + 2 {
		key := fmt.Sprintf("more-%d", i)
		b.register(t, key)
		b.commit(t)
		b.end(t, key, createdOutcome)
	}
	got := b.batch(t)
	equal(t, "kept", len(got.Owed), kept)
	equal(t, "the newest", got.Owed[kept-1].Completion, int64(kept+3))
	equal(t, "the oldest is given up", got.GaveUp.Completion, int64(3))
}

func testOwing(t *testing.T, b *bench) {
	b.complete(t)
	if _, err := b.Register(t.Context(), "busy", source, []ledger.Spec{spec("x")}); err != nil {
		t.Fatal(err)
	}
	owing, looked, err := b.Owing(t.Context(), 0, 10)
	if err != nil || looked != 2 || len(owing) != 1 || owing[0].Name != batch {
		t.Errorf("got %v of %d, %v", owing, looked, err)
	}
	if _, looked, err = b.Owing(t.Context(), 2, 10); err != nil || looked != 0 {
		t.Errorf("past the end: looked at %d, %v", looked, err)
	}
}

// complete makes a batch of one item that owes its notice.
func (b *bench) complete(t *testing.T) {
	t.Helper()
	b.register(t, "a")
	b.tell(t, hook)
	b.commit(t)
	b.end(t, "a", createdOutcome)
}

func (b *bench) tell(t *testing.T, url string) {
	t.Helper()
	if err := b.SetOnComplete(t.Context(), batch, url); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) end(t *testing.T, key string, outcome ledger.Outcome) {
	t.Helper()
	b.begin(t, key, terms("t1"), ledger.Begun)
	b.record(t, key, 1, outcome, ledger.Applied)
}

// hear records an attempt at the first notice that is owed.
func (b *bench) hear(t *testing.T, outcome ledger.NoticeOutcome) {
	t.Helper()
	b.recordNotice(t, b.batch(t), outcome, ledger.Applied)
}

func (b *bench) recordNotice(t *testing.T, seen ledger.Batch, outcome ledger.NoticeOutcome, want ledger.Verdict) {
	t.Helper()
	got, err := b.RecordNotice(t.Context(), seen, seen.Owed[0], outcome, "heard")
	if err != nil || got != want {
		t.Fatalf("%s: %s, %v; want %s", outcome, got, err, want)
	}
}

func (b *bench) lastEvent(t *testing.T) string {
	t.Helper()
	events := b.events(t)
	last := events[len(events)-1]
	return strings.TrimSpace(last.Kind + " " + last.Detail)
}
