package lane

import (
	"context"
	"errors"
	"testing"
)

// A used-up quota holds creates back, and not the deletes that make room; what those come to says nothing
// about the quota. Any other hold is theirs, too.
func TestDeletionsAreNotSuspendedForTheQuota(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code string
		free bool
	}{{"QuotaLimitExceeded", true}, {"ExceedLimitException", true}, {"AccessDenied", false}}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			onEachRedis(t, func(f *laneFixture) {
				t := f.t
				g := f.gate()
				done(t, mustEnter(t, g, subnetA), Faulty(TargetLane, test.code, "no"))
				for range 2 {
					if !test.free {
						f.mustWaitForDeletion(g)
						continue
					}
					pass, err := g.EnterDeletion(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					done(t, pass, Good())
					mustWait(t, g)
				}
			})
		})
	}
}

// mustWaitForDeletion checks that EnterDeletion asks again later whether the lane is still held.
func (f *laneFixture) mustWaitForDeletion(g *Gate) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	defer cancel()
	result := make(chan entered, 1)
	go func() {
		pass, err := g.EnterDeletion(ctx)
		result <- entered{pass, err}
	}()
	f.clock.awaitSleepers(f.t, 1)
	cancel()
	if e := <-result; !errors.Is(e.err, context.Canceled) {
		f.t.Fatalf("entered: %v, %v", e.pass, e.err)
	}
}

// A key that may create and not delete: refused deletions suspend deletions, and creates go on once one of them has shown that
// the lane works.
func TestDeniedDeletionsSuspendNoCreates(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		denied := Faulty(TargetBoth, "AccessDenied", "not allowed to delete")
		remove := func() (*Pass, error) { return g.EnterDeletion(t.Context()) }
		refused := func() {
			t.Helper()
			var suspended *SuspendedError
			if _, err := remove(); !errors.As(err, &suspended) || suspended.Suspension.Target != TargetDeletions {
				t.Fatalf("a deletion: %v, want that deletions are suspended", err)
			}
		}
		pass, err := remove()
		if err != nil {
			t.Fatal(err)
		}
		if change := done(t, pass, denied); len(change.Opened) != 2 {
			t.Fatalf("opened %v, want the suspensions of the lane and of its deletions", change.Opened)
		}
		f.clock.advance(BackOffFirst)
		done(t, mustEnter(t, g, subnetA), Good())
		if held := theHold(t, g.breaker); held.Target != TargetDeletions || held.String() == "" {
			t.Fatalf("after a create: %v", held)
		}
		f.clock.advance(BackOffCap)
		if pass, err = remove(); err != nil {
			t.Fatal(err)
		}
		if change := done(t, pass, denied); len(change.Extended) != 1 || len(change.Opened) != 0 {
			t.Fatalf("the probe of deletions: %+v, want that only their suspension is extended", change)
		}
		refused()
		done(t, mustEnter(t, g, subnetA), Good())

		f.clock.advance(2 * BackOffCap)
		if pass, err = remove(); err != nil {
			t.Fatal(err)
		}
		if change := done(t, pass, Good()); len(change.Cleared) != 1 {
			t.Fatalf("a deletion that succeeded: %+v", change)
		}
		if held, err := g.breaker.Suspensions(t.Context()); err != nil || len(held) != 0 {
			t.Fatalf("suspensions %v, %v", held, err)
		}
	})
}

// A used-up quota of creates keeps deletions neither from being suspended by themselves nor from probing whether they may go on:
// they may be what makes room.
func TestDeletionsProbeDespiteTheQuota(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		full := Faulty(TargetLane, "QuotaLimitExceeded", "full")
		done(t, mustEnter(t, g, subnetA), full)
		pass, err := g.EnterDeletion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if change := done(t, pass, Faulty(TargetBoth, "AccessDenied", "no")); len(change.Opened) != 1 || change.Opened[0].Target != TargetDeletions {
			t.Fatalf("opened %v, want the suspension of deletions", change.Opened)
		}
		f.clock.advance(2 * BackOffCap)
		done(t, mustEnter(t, g, subnetA), full) // a create takes the lane's probe
		if pass, err = g.EnterDeletion(t.Context()); err != nil || !pass.Probe() {
			t.Fatalf("a deletion after its back-off: %v", err)
		}
		if change := done(t, pass, Good()); len(change.Cleared) != 1 || change.Cleared[0].Target != TargetDeletions {
			t.Fatalf("cleared %v, want the suspension of deletions", change.Cleared)
		}
		if held := theHold(t, g.breaker); held.Target != TargetLane || !held.Quota {
			t.Fatalf("suspended: %v, want the lane for its quota", held)
		}
	})
}
