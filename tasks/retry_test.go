package tasks

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// retry has the ledger let the item go on, as an operator does.
func (f *handlerFixture) retry(key string) {
	f.Helper()
	item := f.item(key)
	next := ClientToken(testBatch, key, item.Record.Generation+1)
	answers, err := f.ledger.Retry(f.Context(), testBatch, []ledger.Retrial{{Seen: item, Next: next}})
	if err != nil || answers[0].Result != lifecycle.CommandApplied {
		f.Fatalf("retry %s: %v, %v", key, answers, err)
	}
}

// BCE repeats a refusal for its token for ever: a retry under the same one would be in vain.
func TestRetryOfARejectedItem(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer=#1:400/NoSuchObject")
	task := f.put(testItem("a", "10.1.2.3"))
	f.done(task)
	f.expect("a", facts{ledger.Rejected, ClassRejected, "NoSuchObject", 1, 1})
	f.retry("a")
	f.done(task) // the task of the first generation does as well
	f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2})
	var tokens []string
	for _, call := range f.sim.CallsOf("create") {
		tokens = append(tokens, call.ClientToken)
	}
	if diff := cmp.Diff([]string{ClientToken(testBatch, "a", 1), ClientToken(testBatch, "a", 2)}, tokens); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
}

// reviewed is an item that was left to a person, for two HaVIPs could be its own.
func (f *handlerFixture) reviewed() (ids []string) {
	f.Helper()
	task := f.put(testItem("a", ""))
	f.postponed(task)
	for i := range 2 { // by hand, in BCE's console
		made, err := f.api.CreateHaVIP(f.Context(), fmt.Sprint("console-", i), bce.CreateHaVIPInput{Name: "a", SubnetID: "sbn-1"})
		if err != nil {
			f.Fatal(err)
		}
		ids = append(ids, made.HaVIPID)
	}
	f.clock.pass(TokenMaxAge + time.Second)
	f.done(task)
	f.expect("a", facts{ledger.Review, ClassUnknown, "Candidates", 1, 1})
	return ids
}

// The person has deleted all but one, or all: what exists is looked at afresh, and decides.
func TestRetryOfAReviewedItem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		deleted int
		want    facts
	}{
		{"none", 0, facts{ledger.Review, ClassUnknown, "Candidates", 1, 1}},
		{"one", 1, facts{ledger.Adopted, ClassUnknown, "", 1, 1}},
		{"both", 2, facts{ledger.Created, ClassCreated, "", 2, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "create:error-500=#1")
			for _, id := range f.reviewed()[:test.deleted] {
				if _, err := f.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
					t.Fatal(err)
				}
			}
			f.retry("a")
			task, _ := TaskOf(f.item("a"), "")
			f.concluded(task)
			f.expect("a", test.want)
			if got, want := len(f.sim.CallsOf("create")), 2+test.want.Sends; got != want {
				t.Errorf("%d creates, want %d", got, want)
			}
		})
	}
}

// A token that BCE knows from another request stays suspect, however often a person asks.
func TestRetryOfAMismatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer=#1:403/IdempotentParameterMismatch")
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	for range 2 {
		f.clock.pass(time.Hour)
		f.done(task)
		f.expect("a", facts{ledger.Review, ClassMismatch, bce.CodeIdempotentParameterMismatch, 1, 1})
		f.retry("a")
		f.expect("a", facts{ledger.Unknown, ClassMismatch, bce.CodeIdempotentParameterMismatch, 1, 1})
	}
}
