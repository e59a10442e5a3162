package lane

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A used-up quota holds creates back, and not the deletes that make room; what those come to says nothing
// about the quota. Any other hold is theirs, too.
func TestDeletionsAreNotHeldForTheQuota(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code string
		free bool
	}{{"QuotaLimitExceeded", true}, {"ExceedLimitException", true}, {"AccessDenied", false}}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			onEachRedis(t, func(bench *bench) {
				t := bench.t
				g := bench.gate()
				done(t, mustEnter(t, g, subnetA), Faulty(TargetLane, test.code, "no"))
				for range 2 {
					ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
					pass, err := g.EnterDeletion(ctx)
					cancel()
					if !test.free {
						if !errors.Is(err, context.DeadlineExceeded) {
							t.Fatalf("entered: %v, %v", pass, err)
						}
						continue
					}
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
