package tasks

import (
	"context"
	"fmt"
	"testing"
	"time"

	"havip/bce"
	"havip/ledger"
)

// The first use of a lane waits only for HaVIPs that are young, or whose age is not known.
func TestAwaitOlder(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	waits := func(name string, want bool) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waited := time.Duration(0)
		err := f.handler.AwaitOlder(ctx, func(d time.Duration) {
			waited = d
			cancel()
		})
		if (err != nil) != want || (waited > 0) != want || waited > distinctAge+time.Second {
			t.Errorf("%s: waits %s, %v", name, waited, err)
		}
	}
	waits("nothing exists", false)
	if _, err := f.api.CreateHaVIPBody(t.Context(), "anothers", testItem("a", "").Request.Body()); err != nil {
		t.Fatal(err)
	}
	f.sim.Advance(-time.Minute) // so that it stays young
	waits("something young", true)
	f.sim.Advance(2 * time.Minute)
	waits("all is old", false)
	f.setFaults("list:answer:403/AccessDenied")
	waits("the key may not list", true)
}

// sees asks whether the key is the lane's own.
func (f *handlerFixture) sees(name string, want bool) {
	f.Helper()
	if sees, err := f.handler.SeesOwn(f.Context()); err != nil || sees != want {
		f.Errorf("%s: sees its own: %v, %v; want %v", name, sees, err, want)
	}
}

// What other lanes of the region own, however much that is, does not hide what the lane owns: a key that does not show it
// is not taken for the lane's.
func TestSeesOwnAmongOtherLanes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	claims := make(map[string]any, 3000)
	for i := range 3000 {
		claims[fmt.Sprint("havip-", i)] = "b\x1fk\x1f0\x1fother/bj"
	}
	if err := f.rdb.HSet(t.Context(), "havip:owners", claims).Err(); err != nil {
		t.Fatal(err)
	}
	f.sees("nothing is the lane's", true)
	if _, err := f.ledger.ClaimHaVIP(t.Context(), testLane.String(), "havip-own", ledger.Owner{Batch: "b", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	f.sees("nothing of the lane's is shown", false)
	f.created("a")
	f.sees("one of many is shown", true)
}

// What rollback has deleted is nothing to show; what somebody else has deleted could be another account's.
func TestSeesOwnAfterAllIsDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	task, rolledBack := f.created("a")
	f.rollBack("a")
	f.done(task)
	f.sees("all is rolled back", true)
	if owners, err := f.ledger.Owners(t.Context(), []string{rolledBack}); err != nil || len(owners) != 1 {
		t.Errorf("owners of what was rolled back: %v, %v", owners, err)
	}
	_, id := f.created("b")
	f.sees("one exists", true)
	if _, err := f.api.DeleteHaVIP(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	f.sees("the last is deleted by hand", false)
}

// One HaVIP that is read proves as much as a listing. A failure is returned as one, and a denial as a denial.
func TestSeesOwnNeedsNoListing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.created("a")
	f.setFaults("list:answer:403/AccessDenied")
	f.sees("the key may not list", true)
	f.setFaults("get:answer:403/AccessDenied")
	f.sees("the key may not read", true)
	for faults, denied := range map[string]bool{
		"get:answer:403/AccessDenied,list:answer:403/AccessDenied": true,
		"get:error-500,list:answer:400/ServiceUpgrading":           false,
	} {
		f.setFaults(faults)
		if sees, err := f.handler.SeesOwn(t.Context()); err == nil || sees || IsDenied(err) != denied {
			t.Errorf("%s: %v, %v", faults, sees, err)
		}
	}
	f.setFaults("get:answer:404/NoSuchObject,list:answer:403/AccessDenied")
	f.sees("the key may read, and shows none", false)
	if IsDenied(nil) || IsDenied(&bce.Error{Kind: bce.KindDial}) {
		t.Error("no answer is no denial")
	}
}
