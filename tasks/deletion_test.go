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
	"havip/lifecycle"
)

// created has an item created and confirmed, and answers its task and haVipId.
func (f *handlerFixture) created(key string) (task *asynq.Task, haVIPID string) {
	f.Helper()
	task = f.put(testItem(key, ""))
	f.done(task)
	f.shown()
	return task, f.record(key).HaVIPID
}

func (f *handlerFixture) rollBack(keys ...string) {
	f.Helper()
	f.shown()
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = ledger.Item{Batch: testBatch, Spec: ledger.Spec{Key: key}, Record: f.record(key)}
	}
	answers, err := f.ledger.Rollback(f.Context(), testBatch, "a mistake", items)
	if err != nil {
		f.Fatal(err)
	}
	for _, answer := range answers {
		if answer.Result != lifecycle.CommandApplied {
			f.Fatalf("rollback of %s: %s", answer.Item.Key, answer.Result)
		}
	}
}

func (f *handlerFixture) setFaults(spec string) {
	f.Helper()
	faults, err := bcesim.ParseFaults(spec)
	if err == nil {
		err = f.sim.SetFaults(faults)
	}
	if err != nil {
		f.Fatal(err)
	}
}

// deletes are the delete calls that reached BCE.
func (f *handlerFixture) deletes() int { return len(f.sim.CallsOf(bcesim.Delete)) }

func TestRollbackDeletesItsOwnOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task, _ := f.created("a")
	_, other := f.created("b")
	f.rollBack("a")
	f.done(task)
	f.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
	if live := f.live(); len(live) != 1 || live[0].HaVIPID != other {
		t.Errorf("live: %+v", live)
	}
	for _, call := range f.sim.CallsOf(bcesim.Delete) {
		if call.ClientToken != "" {
			t.Errorf("deleted under the clientToken %q, which belongs to a create", call.ClientToken)
		}
	}
	f.done(task) // delivered twice
	if n := f.deletes(); n != 1 {
		t.Errorf("%d deletes", n)
	}
}

// Whatever one try comes to, the HaVIP is deleted in the end, by few calls.
func TestRollbackRetries(t *testing.T) {
	t.Parallel()
	for _, faults := range []string{
		"delete:error-500=x2", "delete:429=x2", "delete:commit-500=#1", "delete:commit-reset=#1", "delete:commit-html-502=#1",
		"delete:answer=x1:403/AccessDenied", "delete:answer=x1:403/QuotaLimitExceeded", "get:error-500=x1", "get:429=x1",
		"get:commit-reset=x1", "get:answer=x1:401/Whatever",
	} {
		t.Run(faults, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			task := f.put(testItem("a", "10.1.2.3"))
			f.done(task)
			f.setFaults(faults)
			f.rollBack("a")
			tries := 0
			for f.record("a").State == ledger.Deleting && tries < 5 {
				_ = f.process(task)
				tries++
			}
			if rec := f.record("a"); rec.State != ledger.Deleted || len(f.live()) != 0 || tries > 3 {
				t.Errorf("after %d tries %s %s, live %v", tries, rec.State, rec.Message, f.live())
			}
		})
	}
}

// What is in use is left alone, and named, whether it is so before the delete or only since the look.
func TestRollbackRefusesWhatIsBound(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task, id := f.created("a")
	f.bind(id)
	f.rollBack("a")
	f.done(task)
	rec := f.expect("a", facts{ledger.Created, ClassRefused, CodeBound, 1, 1})
	want := "not deleted: " + id + " is bound to server i-1, server i-2, EIP 100.64.0.1; unbind it and roll back again"
	if diff := cmp.Diff(want, rec.Message); diff != "" {
		t.Error(diff)
	}
	if n := f.deletes(); n != 0 {
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
	f := newFixture(t, "")
	task, id := f.created("a")
	config := f.config()
	config.API = &lateBinding{f.api, func() { f.bind(id) }}
	f.handler = NewHandler(config)
	f.rollBack("a")
	f.done(task)
	rec := f.expect("a", facts{ledger.Created, ClassRefused, CodeBound, 1, 1})
	if !strings.Contains(rec.Message, "server i-1, server i-2") || rec.Status == 0 || rec.RequestID == "" {
		t.Errorf("record %+v", rec)
	}
}

func (f *handlerFixture) bind(id string) {
	f.Helper()
	in := bce.InstancesInput{InstanceIDs: []string{"i-1", "i-2"}, InstanceType: bce.InstanceServer}
	if _, err := f.api.BindInstances(f.Context(), id, "", in); err != nil {
		f.Fatal(err)
	}
	if _, err := f.api.BindEIP(f.Context(), id, "", "100.64.0.1"); err != nil {
		f.Fatal(err)
	}
}

// A HaVIP that somebody deleted by hand counts as deleted where the key is seen to be the account's; with
// another account's key, every one of the batch would be missing.
func TestRollbackOfMissingHaVIP(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		// besides says that another HaVIP of the ledger exists.
		besides bool
		want    facts
		message string
	}{
		{"the account is the right one", true, facts{ledger.Deleted, ClassDeleted, "", 1, 1}, "it was already deleted"},
		{"nothing shows that it is", false, facts{ledger.Created, ClassRefused, "NotFound", 1, 1}, "check that the key belongs to the right account"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			task, id := f.created("a")
			if test.besides {
				f.created("b")
			}
			if _, err := f.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
				t.Fatal(err)
			}
			f.rollBack("a")
			if wait := f.postponement(task).After; wait > LookupGrace || wait < LookupGrace-5*time.Second {
				t.Errorf("wait %s: a fresh HaVIP may not be shown yet", wait)
			}
			f.clock.pass(LookupGrace)
			f.done(task)
			rec := f.expect("a", test.want)
			if !strings.Contains(rec.Message, test.message) {
				t.Errorf("message %q", rec.Message)
			}
		})
	}
}

// The create seems to lie in the future, by a clock that was put back since: what is gone is not waited for
// until then.
func TestRollbackOfMissingHaVIPAfterClockStep(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task, id := f.created("a")
	f.created("b")
	if _, err := f.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	f.clock.pass(-24 * time.Hour)
	f.rollBack("a")
	f.postponed(task)
	f.clock.pass(LookupGrace)
	f.done(task)
	f.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
}

// A worker that dies in the middle leaves a doubt, which the next try clears without a listing.
func TestRollbackAfterDeadWorker(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task, id := f.created("a")
	f.rollBack("a")
	if _, err := f.ledger.BeginDeletion(t.Context(), testBatch, "a", ledger.DeletionOptions{Worker: "dead", Ticket: "t", Lease: attemptLease}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	f.postponed(task) // the dead worker's lease
	f.clock.pass(time.Hour)
	f.postponed(task)
	f.handler.others.ahead = attemptLease
	f.done(task)
	f.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
}

// A wrong clock is learned, as for creates.
func TestRollbackLearnsTheClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task, _ := f.created("a")
	f.rollBack("a")
	f.sim.Advance(3 * time.Hour)
	f.done(task)
	f.expect("a", facts{ledger.Deleted, ClassDeleted, "", 1, 1})
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
		{"denied", refusal(403, bce.CodeAccessDenied), ClassLaneFault, ScopeDenied},
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

// Two ledgers were given the same file under the same batch name: BCE answers the second with the HaVIP of the
// first. The second may say that it exists; it does not delete it.
func TestRollbackLeavesWhatAnotherLedgerCreated(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	if _, err := f.api.CreateHaVIP(t.Context(), ClientToken(testBatch, "a", 1), bce.CreateHaVIPInput{Name: "a", SubnetID: "sbn-1", Description: "d"}); err != nil {
		t.Fatal(err)
	}
	f.clock.pass(time.Hour)
	f.sim.Advance(time.Hour)
	f.api.SetClockOffset(time.Hour)
	task, id := f.created("a")
	if live := f.live(); len(live) != 1 || live[0].HaVIPID != id {
		t.Fatalf("exist %+v, recorded %s", live, id)
	}
	f.rollBack("a")
	f.done(task)
	f.expect("a", facts{ledger.Created, ClassRefused, CodeNotOwn, 1, 1})
	if f.deletes() != 0 || len(f.live()) != 1 {
		t.Errorf("%d deletes were sent, %d exist", f.deletes(), len(f.live()))
	}
}

// A record that somebody changed in Redis has nothing deleted that no request of the item created.
func TestRollbackLeavesWhatNoRequestCreated(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	theirs, err := f.api.CreateHaVIP(t.Context(), "console", bce.CreateHaVIPInput{Name: "theirs", SubnetID: "sbn-1"})
	if err != nil {
		t.Fatal(err)
	}
	task, id := f.created("a")
	const records = "havip:{b}:records"
	text := f.rdb.HGet(t.Context(), records, "a").Val()
	if err := f.rdb.HSet(t.Context(), records, "a", strings.ReplaceAll(text, id, theirs.HaVIPID)).Err(); err != nil {
		t.Fatal(err)
	}
	f.rollBack("a")
	f.done(task)
	f.expect("a", facts{ledger.Created, ClassRefused, CodeNotOwn, 1, 1})
	if f.deletes() != 0 {
		t.Errorf("%d deletes were sent", f.deletes())
	}
}
