package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

const hook = "https://ops.example/hook"

// testPendingNotification: the completion of a batch leaves a pending notification with its counts, and each has its number.
func testPendingNotification(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.tell(t, hook)
	f.end(t, "a", createdOutcome)
	f.end(t, "b", rejectedOutcome)
	equal(t, "before the commit", f.batch(t).PendingNotifications, []ledger.Notification(nil))
	equal(t, "kept on the list until then", f.active(t), []string{batch})
	f.commit(t)
	first := ledger.Notification{
		Completion: 1, CompletedAt: ledger.Millis(f.clock().UnixMilli()), Total: 2,
		Counts: map[ledger.State]int64{ledger.Created: 1, ledger.Rejected: 1},
	}
	equal(t, "pending", f.batch(t).PendingNotifications, []ledger.Notification{first})
	equal(t, "failed", first.Failed(), int64(1))
	equal(t, "kept on the list while pending", f.active(t), []string{batch})

	f.commit(t)
	f.tell(t, hook)
	equal(t, "pending once", f.batch(t).PendingNotifications, []ledger.Notification{first})
	f.pass(time.Minute)
	f.register(t, "c")
	f.commit(t)
	f.end(t, "c", createdOutcome)
	second := ledger.Notification{
		Completion: 2, CompletedAt: ledger.Millis(f.clock().UnixMilli()), Total: 3,
		Counts: map[ledger.State]int64{ledger.Created: 2, ledger.Rejected: 1},
	}
	equal(t, "pending for each completion", f.batch(t).PendingNotifications, []ledger.Notification{first, second})
	equal(t, "completions", f.batch(t).Completions, int64(2))
}

// testNoticeOfTheDone: a URL that is given after the batch is complete is notified once.
func testNoticeOfTheDone(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.commit(t)
	f.end(t, "a", createdOutcome)
	equal(t, "nobody to tell", len(f.batch(t).PendingNotifications), 0)
	equal(t, "off the list", f.active(t), []string(nil))
	f.tell(t, hook)
	equal(t, "told at once", len(f.batch(t).PendingNotifications), 1)
	equal(t, "on the list", f.active(t), []string{batch})
	f.hear(t, ledger.NotificationDelivered)
	f.tell(t, hook)
	equal(t, "told already", len(f.batch(t).PendingNotifications), 0)
	f.tell(t, hook+"/other")
	equal(t, "another was not", len(f.batch(t).PendingNotifications), 1)
	missing := f.SetOnComplete(t.Context(), "nope", hook)
	equal(t, "no batch", missing, error(&ledger.BatchNotFoundError{Batch: "nope"}))
}

// testNoticeOutcomes: failures count once each, and what was delivered or has failed is no longer pending.
func testNoticeOutcomes(t *testing.T, f *ledgerFixture) {
	f.complete(t)
	seen := f.batch(t)
	f.hear(t, ledger.NotificationDeferred)
	equal(t, "held is no attempt", f.batch(t).PendingNotifications[0].Attempts, 0)
	began := ledger.Millis(f.clock().UnixMilli())
	f.hear(t, ledger.NotificationAttemptFailed)
	f.recordNotice(t, seen, ledger.NotificationAttemptFailed, ledger.NotificationSame) // a lost reply
	f.pass(time.Second)
	f.hear(t, ledger.NotificationAttemptFailed)
	want := seen.PendingNotifications[0]
	want.Attempts, want.FirstTriedAt, want.LastTriedAt, want.Why = 2, began, ledger.Millis(f.clock().UnixMilli()), "heard"
	equal(t, "failed twice", f.batch(t).PendingNotifications, []ledger.Notification{want})

	// A delivery counts whatever another attempt has recorded since.
	f.recordNotice(t, seen, ledger.NotificationDelivered, ledger.NotificationApplied)
	f.recordNotice(t, seen, ledger.NotificationDelivered, ledger.NotificationAbsent)
	equal(t, "no longer pending", f.batch(t).PendingNotifications, []ledger.Notification(nil))
	equal(t, "off the list", f.active(t), []string(nil))
	equal(t, "told", f.lastEvent(t), "notified completion 1, attempt 3: heard")
}

func testNoticeGivenUp(t *testing.T, f *ledgerFixture) {
	f.complete(t)
	f.hear(t, ledger.NotificationFailed)
	equal(t, "no longer pending", f.batch(t).PendingNotifications, []ledger.Notification(nil))
	equal(t, "kept for people", f.batch(t).FailedNotification.Why, "heard")
	equal(t, "told", f.lastEvent(t), "notify-failed completion 1, attempts 1: heard")
	f.tell(t, hook)
	equal(t, "pending again when it is requested again", len(f.batch(t).PendingNotifications), 1)
	equal(t, "and not given up", f.batch(t).FailedNotification, (*ledger.Notification)(nil))
}

// testNoticeToAnother: what one URL heard is nothing that another did.
func testNoticeToAnother(t *testing.T, f *ledgerFixture) {
	f.complete(t)
	seen := f.batch(t)
	f.tell(t, hook+"/other")
	f.recordNotice(t, seen, ledger.NotificationDelivered, ledger.NotificationLate)
	equal(t, "still pending", len(f.batch(t).PendingNotifications), 1)
}

// testNoticesAreBounded: pending notifications of a batch take no more room however often it completes.
func testNoticesAreBounded(t *testing.T, f *ledgerFixture) {
	const kept = 20
	f.complete(t)
	for i := range kept + 2 {
		key := fmt.Sprintf("more-%d", i)
		f.register(t, key)
		f.commit(t)
		f.end(t, key, createdOutcome)
	}
	got := f.batch(t)
	equal(t, "kept", len(got.PendingNotifications), kept)
	equal(t, "the newest", got.PendingNotifications[kept-1].Completion, int64(kept+3))
	equal(t, "the oldest is given up", got.FailedNotification.Completion, int64(3))
}

func testOwing(t *testing.T, f *ledgerFixture) {
	f.complete(t)
	if _, err := f.Register(t.Context(), "busy", source, []ledger.Spec{spec("x")}); err != nil {
		t.Fatal(err)
	}
	owing, looked, err := f.PendingNotifications(t.Context(), 0, 10)
	if err != nil || looked != 2 || len(owing) != 1 || owing[0].Name != batch {
		t.Errorf("got %v of %d, %v", owing, looked, err)
	}
	if _, looked, err = f.PendingNotifications(t.Context(), 2, 10); err != nil || looked != 0 {
		t.Errorf("past the end: looked at %d, %v", looked, err)
	}
}

// complete makes a batch of one item that leaves its notification pending.
func (f *ledgerFixture) complete(t *testing.T) {
	t.Helper()
	f.register(t, "a")
	f.tell(t, hook)
	f.commit(t)
	f.end(t, "a", createdOutcome)
}

func (f *ledgerFixture) tell(t *testing.T, url string) {
	t.Helper()
	if err := f.SetOnComplete(t.Context(), batch, url); err != nil {
		t.Fatal(err)
	}
}

func (f *ledgerFixture) end(t *testing.T, key string, outcome ledger.Outcome) {
	t.Helper()
	f.begin(t, key, terms("t1"), lifecycle.StartSend)
	f.record(t, key, 1, outcome, lifecycle.RecordedApplied)
}

// hear records an attempt at the first pending notification.
func (f *ledgerFixture) hear(t *testing.T, outcome ledger.NotificationOutcome) {
	t.Helper()
	f.recordNotice(t, f.batch(t), outcome, ledger.NotificationApplied)
}

func (f *ledgerFixture) recordNotice(t *testing.T, seen ledger.Batch, outcome ledger.NotificationOutcome, want ledger.NotificationRecorded) {
	t.Helper()
	got, err := f.RecordNotification(t.Context(), seen, seen.PendingNotifications[0], outcome, "heard")
	if err != nil || got != want {
		t.Fatalf("%s: %s, %v; want %s", outcome, got, err, want)
	}
}

func (f *ledgerFixture) lastEvent(t *testing.T) string {
	t.Helper()
	events := f.events(t)
	last := events[len(events)-1]
	return strings.TrimSpace(last.Kind + " " + last.Detail)
}
