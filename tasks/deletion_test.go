package tasks

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/ledger"
)

// created has an item created, and answers its task and haVipId.
func (b *bench) created(key string) (task *asynq.Task, haVIPID string) {
	b.Helper()
	task = b.put(testItem(key, ""))
	b.done(task)
	return task, b.record(key).HaVIPID
}

func (b *bench) rollBack(keys ...string) {
	b.Helper()
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = ledger.Item{Batch: testBatch, Spec: ledger.Spec{Key: key}, Record: b.record(key)}
	}
	answers, err := b.ledger.Rollback(b.Context(), testBatch, "a mistake", items)
	if err != nil {
		b.Fatal(err)
	}
	for _, answer := range answers {
		if answer.Verdict != ledger.Applied {
			b.Fatalf("rollback of %s: %s", answer.Item.Key, answer.Verdict)
		}
	}
}

func (b *bench) setFaults(spec string) {
	b.Helper()
	faults, err := bcesim.ParseFaults(spec)
	if err == nil {
		err = b.sim.SetFaults(faults)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// deletes are the delete calls that reached BCE.
func (b *bench) deletes() int { return len(b.sim.CallsOf(bcesim.Delete)) }

func TestRollbackDeletesItsOwnOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task, _ := b.created("a")
	_, other := b.created("b")
	b.rollBack("a")
	b.done(task)
	b.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
	if live := b.live(); len(live) != 1 || live[0].HaVIPID != other {
		t.Errorf("live: %+v", live)
	}
	for _, call := range b.sim.CallsOf(bcesim.Delete) {
		if call.ClientToken != "" {
			t.Errorf("deleted under the clientToken %q, which belongs to a create", call.ClientToken)
		}
	}
	b.done(task) // delivered twice
	if n := b.deletes(); n != 1 {
		t.Errorf("%d deletes", n)
	}
}

// Whatever one try comes to, the HaVIP is deleted in the end, by few calls.
func TestRollbackGoesOn(t *testing.T) {
	t.Parallel()
	for _, faults := range []string{
		"delete:error-500=x2", "delete:429=x2", "delete:commit-500=#1", "delete:commit-reset=#1", "delete:commit-html-502=#1",
		"delete:answer=x1:403/AccessDenied", "delete:answer=x1:403/QuotaLimitExceeded", "get:error-500=x1", "get:429=x1",
		"get:commit-reset=x1", "get:answer=x1:401/Whatever",
	} {
		t.Run(faults, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			task := b.put(testItem("a", "10.1.2.3"))
			b.done(task)
			b.setFaults(faults)
			b.rollBack("a")
			tries := 0
			for b.record("a").State == ledger.Deleting && tries < 5 {
				_ = b.process(task)
				tries++
			}
			if rec := b.record("a"); rec.State != ledger.Deleted || len(b.live()) != 0 || tries > 3 {
				t.Errorf("after %d tries %s %s, live %v", tries, rec.State, rec.Message, b.live())
			}
		})
	}
}

// What is in use is left alone, and named, whether it is so before the delete or only since the look.
func TestRollbackRefusesWhatIsBound(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task, id := b.created("a")
	b.bind(id)
	b.rollBack("a")
	b.done(task)
	rec := b.expect("a", facts{ledger.Created, ClassRefused, CodeBound, 1, 1})
	want := "not deleted: " + id + " is bound to server i-1, server i-2, EIP 100.64.0.1; unbind it, and roll back again"
	if diff := cmp.Diff(want, rec.Message); diff != "" {
		t.Error(diff)
	}
	if n := b.deletes(); n != 0 {
		t.Errorf("%d deletes", n)
	}
}

// lateBinding binds the HaVIP after it was first looked at.
type lateBinding struct {
	API
	bind func()
}

func (l *lateBinding) DeleteHaVIP(ctx context.Context, id, token string) (bce.ResponseMeta, error) {
	l.bind()
	return l.API.DeleteHaVIP(ctx, id, token)
}

func TestRollbackNamesWhatWasBoundMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task, id := b.created("a")
	config := b.config()
	config.API = &lateBinding{b.api, func() { b.bind(id) }}
	b.handler = NewHandler(config)
	b.rollBack("a")
	b.done(task)
	rec := b.expect("a", facts{ledger.Created, ClassRefused, CodeBound, 1, 1})
	if !strings.Contains(rec.Message, "server i-1, server i-2") || rec.Status == 0 || rec.RequestID == "" {
		t.Errorf("record %+v", rec)
	}
}

func (b *bench) bind(id string) {
	b.Helper()
	in := bce.InstancesInput{InstanceIDs: []string{"i-1", "i-2"}, InstanceType: bce.InstanceServer}
	if _, err := b.api.BindInstances(b.Context(), id, "", in); err != nil {
		b.Fatal(err)
	}
	if _, err := b.api.BindEIP(b.Context(), id, "", "100.64.0.1"); err != nil {
		b.Fatal(err)
	}
}

// A HaVIP that somebody deleted by hand counts as deleted where the key is seen to be the account's; with
// another account's key, every one of the batch would be missing.
func TestRollbackOfWhatIsGone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		// besides says that another HaVIP of the ledger exists.
		besides bool
		want    facts
		message string
	}{
		{"the account is the right one", true, facts{ledger.Deleted, ClassDeleted, "", 1, 1}, "it was gone already"},
		{"nothing shows that it is", false, facts{ledger.Created, ClassRefused, "NotFound", 1, 1}, "is it the key of another account?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			task, id := b.created("a")
			if test.besides {
				b.created("b")
			}
			if _, err := b.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
				t.Fatal(err)
			}
			b.rollBack("a")
			if wait := b.postponement(task).After; wait > LookupGrace || wait < LookupGrace-5*time.Second {
				t.Errorf("wait %s: a fresh HaVIP may not be shown yet", wait)
			}
			b.clock.pass(LookupGrace)
			b.done(task)
			rec := b.expect("a", test.want)
			if !strings.Contains(rec.Message, test.message) {
				t.Errorf("message %q", rec.Message)
			}
		})
	}
}

// The create seems to lie in the future, by a clock that was put back since: what is gone is not waited for
// until then.
func TestRollbackOfWhatIsGoneAfterAClockWasPutBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task, id := b.created("a")
	b.created("b")
	if _, err := b.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	b.clock.pass(-24 * time.Hour)
	b.rollBack("a")
	b.postponed(task)
	b.clock.pass(LookupGrace)
	b.done(task)
	b.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
}

// A worker that dies in the middle leaves a doubt, which the next try clears without a listing.
func TestRollbackAfterDeadWorker(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task, id := b.created("a")
	b.rollBack("a")
	if _, err := b.ledger.BeginDeletion(t.Context(), testBatch, "a", ledger.DeletionOptions{Worker: "dead", Ticket: "t", Lease: attemptLease}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	b.postponed(task) // the dead worker's lease
	b.clock.pass(attemptLease)
	b.done(task)
	b.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
}

// A wrong clock is learnt, as for creates.
func TestRollbackLearnsTheClock(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task, _ := b.created("a")
	b.rollBack("a")
	b.sim.Advance(3 * time.Hour)
	b.done(task)
	b.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
}

func TestClassifyRemoval(t *testing.T) {
	t.Parallel()
	refusal := func(status int, code string) error {
		return &bce.Error{Kind: bce.KindAPI, Sent: true, StatusCode: status, Code: code, Message: "m"}
	}
	tests := []struct {
		name  string
		err   error
		class Class
		scope Scope
	}{
		{"done", nil, ClassDeleted, ""},
		{"no such object, by status", refusal(404, "Gone"), ClassNotFound, ""},
		{"no such object, by code", refusal(400, "NoSuchObject"), ClassNotFound, ""},
		{"another service's word", refusal(400, "InstanceNotExist"), ClassNotFound, ""},
		{"no such version is no such endpoint", refusal(404, bce.CodeInvalidVersion), ClassLaneFault, ScopeLane},
		{"bound", refusal(412, bce.CodePreconditionFailed), ClassRefused, ""},
		{"denied", refusal(403, bce.CodeAccessDenied), ClassLaneFault, ScopeLane},
		{"clock", refusal(400, bce.CodeRequestExpired), ClassLaneFault, ScopeClock},
		{"a quota stands against no delete", refusal(403, bce.CodeQuotaLimitExceeded), ClassThrottled, ""},
		{"throttled", refusal(429, ""), ClassThrottled, ""},
		{"5xx", refusal(500, bce.CodeInternalError), ClassUnknown, ""},
		{"a gateway's page", &bce.Error{Kind: bce.KindUnreadable, Sent: true, StatusCode: 404}, ClassUnknown, ""},
		{"not sent", &bce.Error{Kind: bce.KindDial}, ClassNotSent, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := ClassifyRemoval(bce.ResponseMeta{}, test.err)
			if o.Class != test.class || o.Scope != test.scope {
				t.Errorf("got %s %s", o.Class, o.Scope)
			}
		})
	}
}
