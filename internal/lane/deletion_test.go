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
