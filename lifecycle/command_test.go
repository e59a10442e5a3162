package lifecycle

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyRecord yields an item in each state, with each mark that commands look at.
func everyRecord() map[string]Record {
	all := map[string]Record{}
	for _, state := range States() {
		for marks := range 8 {
			r := registered(func(r *Record) {
				r.State = state
				r.Unknown = marks&1 != 0
				if marks&2 != 0 && !state.Terminal() {
					r.Cancel = &Cancellation{}
				}
				if marks&4 != 0 {
					r.Sends, r.LastSentAt = 1, start
				}
				if marks&2 != 0 && state.Succeeded() {
					r.ConfirmAt = start
				}
				if state == Review {
					r.Candidates = inReview().Candidates
				}
				if state.Succeeded() || state == Deleting || state == Deleted {
					r.HaVIPID = "havip-1"
				}
			})
			all[fmt.Sprint(state, " ", marks)] = r
		}
	}
	return all
}

// A command does what its action says.
func TestActionsMatchCommands(t *testing.T) {
	t.Parallel()
	for name, r := range everyRecord() {
		s := Snapshot{Record: r, Now: start + minute}
		cancel, why := r.CancelAction()
		canceled, change := Cancel(s, "reason")
		want := map[CancelAction]Commanded{CancelNow: CommandApplied, CancelLater: CommandAsked}[cancel]
		if r.Cancel != nil && cancel == CancelLater {
			want = CommandSame
		}
		if cancel == CancelNone && (why == "" || canceled != CommandFinished && canceled != CommandSame) || cancel != CancelNone && canceled != want || canceled == CommandSame && !change.Empty() {
			t.Errorf("%s: cancel says %q (%s), and does %s", name, cancel, why, canceled)
		}
		if canceled == CommandApplied && after(s, change).State != Canceled {
			t.Errorf("%s: canceled, it is %s", name, after(s, change).State)
		}

		retry, why := r.RetryAction()
		retried, change := Retry(s, r, "t2")
		goesOn := retry == RetryRestart || retry == RetryNewToken || retry == RetryLookUpFirst
		if goesOn != (retried == CommandApplied) || retry == RetryRunNow && retried != CommandSame || retry == RetryNone && why == "" {
			t.Errorf("%s: retry says %q (%s), and does %s", name, retry, why, retried)
		}
		if now := after(s, change); (now.ClientToken == "t2") != (retry == RetryNewToken) || (now.ClientToken == "t2") != (now.Generation == 2) {
			t.Errorf("%s: retry says %q, and it has %s of generation %d", name, retry, now.ClientToken, now.Generation)
		}
		if now := after(s, change); retry == RetryLookUpFirst && (!now.Unknown || !now.Lookup || now.State != Unknown) {
			t.Errorf("%s: to be looked for first, it is %+v", name, now)
		}

		rollback, why := r.RollbackAction()
		rolledBack, change := Rollback(s, "havip-1", "reason")
		if (rollback == RollbackDelete) != (rolledBack == CommandApplied) || rollback == RollbackNone && why == "" {
			t.Errorf("%s: rollback says %q (%s), and does %s", name, rollback, why, rolledBack)
		}
		if now := after(s, change); rolledBack == CommandApplied && (now.State != Deleting || now.Unconfirmed() || now.Deletion == nil) {
			t.Errorf("%s: rolled back, it is %+v", name, now)
		}
	}
}

// A command that was repeated after a lost reply changes nothing more.
func TestCommandsRepeated(t *testing.T) {
	t.Parallel()
	for name, r := range everyRecord() {
		for command, run := range map[string]func(Snapshot) (Commanded, Change){
			"cancel":   func(s Snapshot) (Commanded, Change) { return Cancel(s, "reason") },
			"retry":    func(s Snapshot) (Commanded, Change) { return Retry(s, r, "t2") },
			"rollback": func(s Snapshot) (Commanded, Change) { return Rollback(s, "havip-1", "reason") },
			"resolve":  func(s Snapshot) (Commanded, Change) { return Resolve(s, r, "havip-1") },
			"exclude":  func(s Snapshot) (Commanded, Change) { return Resolve(s, r, "") },
		} {
			s := Snapshot{Record: r, Now: start + minute}
			_, first := run(s)
			again, second := run(Snapshot{Record: after(s, first), Now: start + 2*minute})
			if !second.Empty() {
				t.Errorf("%s %s, repeated: %s, %+v", command, name, again, second)
			}
		}
	}
}

func TestCommandsOnAStaleRecord(t *testing.T) {
	t.Parallel()
	r := registered(func(r *Record) { r.State, r.Sends = Rejected, 2 })
	seen := r
	seen.Sends = 1
	if got, c := Retry(Snapshot{Record: r, Now: start}, seen, "t2"); got != CommandLate || !c.Empty() {
		t.Errorf("retry of what has come to another end: %s", got)
	}
	if got, c := Rollback(Snapshot{Record: created(), Now: start}, "havip-9", ""); got != CommandLate || !c.Empty() {
		t.Errorf("rollback of another HaVIP: %s", got)
	}
}

// A retry does not reset how long an item was idle.
func TestRetryKeepsIdleTime(t *testing.T) {
	t.Parallel()
	now := start + 48*hour
	r := registered(func(r *Record) { r.State, r.Sends, r.LastSentAt, r.Code = Rejected, 1, start+second, "InUse" })
	s := Snapshot{Record: r, Now: now}
	_, c := Retry(s, r, "t2")
	s.Record = after(s, c)
	if got, _, _ := Begin(s, terms); got != StartIdle {
		t.Errorf("it begins with %s, want it looked for", got)
	}
}

// The words of the last request stand again for an item that a lookup had sent to a person.
func TestRetryOfAReviewedItem(t *testing.T) {
	t.Parallel()
	r := unknown(func(r *Record) { r.State, r.Code, r.Message, r.FirstSentAt = Review, "Candidates", "two", 0 })
	entry := openEntry()
	entry.Class, entry.Code, entry.Message = "mismatch", "InUse", "taken"
	s := Snapshot{Record: r, Now: start + hour, Entry: entry}
	_, c := Retry(s, r, "t2")
	got := after(s, c)
	if got.Code != "InUse" || got.Message != "taken" || got.FirstSentAt != start+second || got.ClientToken != "t1" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"retried", "unknown"}, kinds(c)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// An item keeps the round in which it failed, and none when it goes on.
func TestFailuresKeepTheirRound(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: sending(), Now: start + 2*second, Entry: openEntry(), Batch: Batch{Round: 3}}
	_, c := RecordOutcome(s, 1, outcomeRejected)
	failed := after(s, c)
	if failed.Round != 3 {
		t.Errorf("round %d, want 3", failed.Round)
	}
	s = Snapshot{Record: failed, Now: start + minute, Batch: Batch{Round: 4}}
	if _, c := Retry(s, failed, "t2"); after(s, c).Round != 0 {
		t.Error("it goes on, and counts as failed")
	}
}
