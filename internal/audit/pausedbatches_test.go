package audit

import (
	"testing"

	"havip/ledger"
)

// A paused batch is reported with its reason; its items without a task are not.
func TestDoctorOfPausedBatches(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a", "b")
	records := ledger.New(f.rdb)
	act := ledger.Act{By: "li@host", Reason: "look"}
	if _, err := records.Pause(t.Context(), "b", act); err != nil {
		t.Fatal(err)
	}
	if err := f.rdb.Del(t.Context(), "asynq:{"+bj.Queue()+"}:t:b/a/1", "asynq:{"+bj.Queue()+"}:t:b/b/1").Err(); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{})
	expect(t, said, CodePaused, "li@host paused the batch ", "")
	expect(t, said, CodePaused, " ago: look; 2 items are left.", "")
	if _, lost := said[CodeNoTask]; lost || said[CodePaused].Ails() {
		t.Errorf("held items without a task are ailing: %+v", said)
	}
	if _, _, err := records.Settle(t.Context(), "b", "a", ledger.Rejected, "No", "no"); err != nil {
		t.Fatal(err)
	}
	limit := ledger.FailureLimit("0")
	if _, err := records.Resume(t.Context(), "b", &limit, act); err != nil {
		t.Fatal(err)
	}
	said = f.examine(t, Doctor{})
	expect(t, said, CodeStopped, "The batch was paused ", "")
	expect(t, said, CodeStopped, " ago because 1 of 2 items failed (limit 0); 1 item is left.", "")
	if !said[CodeStopped].Ails() {
		t.Error("a batch that its failures stopped is fine")
	}
	if _, err := records.Resume(t.Context(), "b", nil, act); err != nil {
		t.Fatal(err)
	}
	expect(t, f.examine(t, Doctor{}), CodeNoTask, "1 unfinished item has no task that would run: b/b", "")
}
