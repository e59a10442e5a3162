package tasks

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

func (b *bench) forget() {
	b.Helper()
	verdict, err := b.ledger.Forget(b.Context(), testBatch, ledger.Forgetting{By: "li@host", Incomplete: true})
	if err != nil || verdict != ledger.Applied {
		b.Fatalf("forget: %s, %v", verdict, err)
	}
}

// Within 24 hours BCE answers a used clientToken with the HaVIP that it made, be it deleted meanwhile. A
// batch that is forgotten and applied again gets HaVIPs that exist.
func TestForgottenBatchIsMadeAnew(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"", "token-of-the-user"} {
		t.Run("token "+own, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			item := testItem("a", "")
			item.ClientToken = own
			task := b.put(item)
			b.done(task)
			first := b.record("a").HaVIPID
			b.rollBack("a")
			b.done(task)
			b.forget()

			b.done(b.put(item))
			rec := b.record("a")
			live := b.live()
			if rec.State != ledger.Created || rec.HaVIPID == first || len(live) != 1 || live[0].HaVIPID != rec.HaVIPID {
				t.Errorf("%s %s after %s, live %v", rec.State, rec.HaVIPID, first, live)
			}
		})
	}
}

// The HaVIPs of a forgotten batch stay, and are not its later items' own: one that is in doubt is neither
// given the one of before, nor left to a person for it.
func TestHaVIPOfAForgottenItemIsAnothers(t *testing.T) {
	t.Parallel()
	for _, between := range []time.Duration{0, time.Hour} {
		t.Run(between.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			_, first := b.created("a")
			b.forget()
			b.clock.pass(between)
			b.sim.Advance(between)

			b.setFaults("create:error-500=x1")
			task := b.put(testItem("a", ""))
			b.postponed(task)
			b.outlive()
			b.done(task)
			rec := b.record("a")
			if rec.State != ledger.Created || rec.HaVIPID == first || len(b.live()) != 2 {
				t.Errorf("%s %s after %s: %s, live %v", rec.State, rec.HaVIPID, first, rec.Message, b.live())
			}
		})
	}
}

// The ledger is an old one, restored from a backup: it does not know that the item was sent under its next
// clientToken, which is dead by now.
func TestSpentItemOfAnOldLedgerIsLookedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	item := testItem("a", "")
	b.created("a")
	b.forget()
	task := b.put(item)
	sent, err := b.api.CreateHaVIPBody(t.Context(), ClientToken(testBatch, "a", 2), item.Request.Body())
	if err != nil {
		t.Fatal(err)
	}
	b.outlive()
	b.done(task)
	if rec := b.record("a"); rec.State != ledger.Adopted || rec.HaVIPID != sent.HaVIPID || len(b.live()) != 2 {
		t.Errorf("%s %s, sent %s, live %v", rec.State, rec.HaVIPID, sent.HaVIPID, b.live())
	}
}

// The task of a canceled item comes up when nothing is known of it any more: it creates nothing.
func TestLeftoverTaskCreatesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task := b.put(testItem("a", ""))
	b.cancel("a", ledger.Applied)
	b.forget()
	b.archived(task, "its batch's record was deleted after this task was put in")
	if calls := len(b.sim.Calls()); calls != 0 {
		t.Errorf("%d calls", calls)
	}

	// What a foreign producer means to be new is put in as the reason says.
	b.archived(task, "put it in without its clientToken, or into another batch")
	b.done(asynq.NewTask(TypeCreate, newPayload(testBatch, testItem("a", ""), "").Encode()))
	b.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
}

func TestDiscardLeavesNoTask(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	item := d.registered("a")
	id := d.queued(item, time.Hour)
	for range 2 { // and again
		if err := d.Discard(t.Context(), []ledger.Item{item}); err != nil {
			t.Fatal(err)
		}
		if info, err := d.inspector.GetTaskInfo(queueOf(item), id); err == nil {
			t.Errorf("task %+v", info)
		}
	}
}
