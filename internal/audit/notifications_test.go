package audit

import (
	"testing"

	"havip/ledger"
)

// A failed notification is reported until it is requested again.
func TestDoctorOfFailedNotifications(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	f.create(t, "a")
	const hook = "https://ops.example/hook?token=hunter2"
	if err := f.ledger.SetOnComplete(t.Context(), "b", hook); err != nil {
		t.Fatal(err)
	}
	b, err := f.ledger.Batch(t.Context(), "b")
	if err != nil || len(b.PendingNotifications) != 1 {
		t.Fatalf("pending: %v, %v", b.PendingNotifications, err)
	}
	expect(t, f.examine(t, Doctor{}), CodeNotifications, "1 notification of a completed batch is pending, and no worker delivers any: b.", "")
	if _, err := f.ledger.RecordNotification(t.Context(), b, b.PendingNotifications[0], ledger.NotificationFailed, "410 Gone"); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{})
	expect(t, said, CodeNotificationsFailed, "1 notification has failed: b to https://ops.example/hook (410 Gone).", "")
	if d, found := said[CodeNotifications]; found {
		t.Errorf("still pending: %s", d.What)
	}
	if err := f.ledger.SetOnComplete(t.Context(), "b", hook); err != nil {
		t.Fatal(err)
	}
	if d, found := f.examine(t, Doctor{})[CodeNotificationsFailed]; found {
		t.Errorf("still given up: %s", d.What)
	}
}
