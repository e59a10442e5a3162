package tasks

import (
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/lifecycle"
)

func (f *handlerFixture) forget() {
	f.Helper()
	result, err := f.ledger.Forget(f.Context(), testBatch, ledger.Forgetting{By: "li@host", Incomplete: true})
	if err != nil || result != ledger.ForgottenNow {
		f.Fatalf("forget: %s, %v", result, err)
	}
}

// Within 24 hours BCE answers a used clientToken with the HaVIP that it made, be it deleted meanwhile. A
// batch that is forgotten and applied again gets HaVIPs that exist.
func TestForgottenBatchIsCreatedAgain(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"", "token-of-the-user"} {
		t.Run("token "+own, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			item := testItem("a", "")
			item.ClientToken = own
			task := f.put(item)
			f.done(task)
			first := f.record("a").HaVIPID
			f.rollBack("a")
			f.done(task)
			f.forget()

			f.done(f.put(item))
			rec := f.record("a")
			live := f.live()
			if rec.State != ledger.Created || rec.HaVIPID == first || len(live) != 1 || live[0].HaVIPID != rec.HaVIPID {
				t.Errorf("%s %s after %s, live %v", rec.State, rec.HaVIPID, first, live)
			}
		})
	}
}

// The HaVIPs of a deleted batch stay, and do not belong to its later items: a later item of unknown outcome neither adopts
// the earlier HaVIP nor needs review because of it.
func TestForgottenItemsHaVIPIsNotAdopted(t *testing.T) {
	t.Parallel()
	for _, between := range []time.Duration{0, time.Hour} {
		t.Run(between.String(), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			_, first := f.created("a")
			f.forget()
			f.clock.pass(between)
			f.sim.Advance(between)

			f.setFaults("create:error-500=x1")
			task := f.put(testItem("a", ""))
			f.postponed(task)
			f.outlive()
			f.concluded(task)
			rec := f.record("a")
			if rec.State != ledger.Created || rec.HaVIPID == first || len(f.live()) != 2 {
				t.Errorf("%s %s after %s: %s, live %v", rec.State, rec.HaVIPID, first, rec.Message, f.live())
			}
		})
	}
}

// The ledger is an old one, restored from a backup: it does not know that the item was sent under its next
// clientToken, which is dead by now.
func TestUsedTokenInARestoredLedgerIsLookedUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	item := testItem("a", "")
	f.created("a")
	f.forget()
	task := f.put(item)
	sent, err := f.api.CreateHaVIPBody(t.Context(), ClientToken(testBatch, "a", 2), item.Request.Body())
	if err != nil {
		t.Fatal(err)
	}
	f.outlive()
	f.done(task)
	if rec := f.record("a"); rec.State != ledger.Adopted || rec.HaVIPID != sent.HaVIPID || len(f.live()) != 2 {
		t.Errorf("%s %s, sent %s, live %v", rec.State, rec.HaVIPID, sent.HaVIPID, f.live())
	}
}

// The task of a canceled item comes up when nothing is known of it any more: it creates nothing.
func TestLeftoverTaskCreatesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", ""))
	full := foreign(testItem("a", ""), ClientToken(testBatch, "a", 1))
	f.cancel("a", lifecycle.CommandApplied)
	f.forget()
	f.done(task)
	f.archived(full, "its batch was deleted from the ledger after this task was enqueued")
	if calls := len(f.sim.Calls()); calls != 0 {
		t.Errorf("%d calls", calls)
	}

	// What a foreign producer means to be new is put in as the reason says.
	f.archived(full, "enqueue it without its clientToken or in another batch")
	f.done(foreign(testItem("a", ""), ""))
	f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
}

// The name of an archived batch is reserved for tasks as well, also for those without a clientToken; and a producer that is refused
// leaves the index of requests as it is.
func TestArchivedBatchIsReserved(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	item := testItem("a", "")
	f.created("a")
	f.confirmed()
	c, err := f.ledger.Contents(f.Context(), testBatch)
	if err == nil {
		err = f.ledger.Commit(f.Context(), testBatch)
	}
	if err == nil {
		err = LeaveBehind(f.Context(), f.ledger, testBatch)
	}
	if err != nil {
		f.Fatal(err)
	}
	archive := ledger.NewArchive(c.Batch, "/srv/b.archive", "abc")
	if result, err := f.ledger.Forget(f.Context(), testBatch, ledger.Forgetting{By: "li@host", Archive: archive}); err != nil || result != ledger.ForgottenNow {
		f.Fatalf("archive: %s, %v", result, err)
	}
	calls := len(f.sim.Calls())
	f.archived(asynq.NewTask(TypeCreate, newPayload(testBatch, item, "").Encode()), "archived to /srv/b.archive")
	f.archived(asynq.NewTask(TypeCreate, newPayload(testBatch, testItem("new", ""), "").Encode()), "archived to /srv/b.archive")
	for _, refuse := range []bool{true, false} {
		var missing *ledger.BatchNotFoundError
		if err := f.applyTo(testBatch, item, refuse); !errors.As(err, &missing) {
			t.Errorf("applied: %v", err)
		}
	}
	if duplicate := f.duplicateOf("other", item); duplicate == nil || !duplicate.BatchDeleted {
		t.Errorf("in another batch, it is a duplicate of %+v", duplicate)
	}
	if more := len(f.sim.Calls()) - calls; more != 0 {
		t.Errorf("%d calls", more)
	}
}
