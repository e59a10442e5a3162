package worker

import (
	"testing"
	"time"

	"havip/bce/bcesim"
	"havip/ledger"
)

// items is how many items each batch of these tests has.
const items = 14

// allTraits answers every open question in the less convenient way.
const allTraits = "replay-refusals,concurrent=refuse,compare=value,scope=path,list-lag=30s,not-found=400," +
	"code.RateLimit=Busy,status.RateLimit=400,code.IdempotentParameterMismatch=TokenUsed,status.IdempotentParameterMismatch=400"

// What nobody knows about the real API must not matter: under each answer to each open question, and
// under all of them at once, lost answers still end in exactly one HaVIP an item.
func TestPersonalities(t *testing.T) {
	t.Parallel()
	const faults = "seed=5,create:commit-500=x2,create:commit-reset=x2,create:commit-truncated=x1,create:error-503=x1,create:html-502=x1," +
		"create:429=x1,create:429=x1:1s"
	for _, personality := range []string{
		"replay-refusals",
		"concurrent=refuse",
		"concurrent=block",
		"compare=value",
		"scope=global",
		"scope=path",
		"expired=mismatch",
		"list-lag=30s",
		"not-found=400",
		"status.IdempotentParameterMismatch=400",
		"code.IdempotentParameterMismatch=TokenUsed",
		"code.RateLimit=RequestRateLimitExceeded",
		"code.RateLimit=Busy",
		"status.RateLimit=400",
		"status.RateLimit=503",
		"code.RateLimit=Busy,status.RateLimit=400",
		"code.RateLimit=Busy,status.RateLimit=403",
		"code.RateLimit=Busy,status.RateLimit=503",
		allTraits + ",expired=mismatch",
	} {
		t.Run(personality, func(t *testing.T) {
			t.Parallel()
			inBubble(t, personality, faults, func(t *testing.T, f *workerFixture) {
				f.startTwo(t)
				f.enqueue(t, "bj", items)
				if b := f.await(t); b.Counts[ledger.Created] != items {
					t.Errorf("counts %v", b.Counts)
				}
				f.exactlyOnce(t)
			})
		})
	}
}

// stalls last longer than a worker waits for its answer, and hit after some requests were answered: a lane
// starts slowly.
const stalls = "create:stall-after=#6:17s,create:stall-after=#8:17s,create:stall-before=#10:17s,create:stall-before=#12:17s"

// The same where it takes a lookup, which comes a minute after an item's last request.
func TestPersonalitiesWithUnknownOutcomes(t *testing.T) {
	t.Parallel()
	for _, personality := range []string{"concurrent=refuse,list-lag=30s", "concurrent=block", "concurrent=refuse,status.RequestInProgress=403"} {
		t.Run(personality, func(t *testing.T) {
			t.Parallel()
			inBubble(t, personality, stalls, func(t *testing.T, f *workerFixture) {
				f.startTwo(t)
				f.enqueue(t, "bj", items)
				f.awaitSuccess(t)
			})
		})
	}
}

// The same, but BCE forgets the clientTokens of items of unknown outcome. Some of their HaVIPs exist, some do not, and no
// answer tells which.
func TestPersonalitiesWithUnknownOutcomesForADay(t *testing.T) {
	t.Parallel()
	const faults = "seed=5,create:commit-reset=0.45,create:fail=0.8:500/InternalError," + stalls
	for _, expired := range []string{"expired=new", "expired=mismatch"} {
		for _, personality := range []string{expired, "replay-refusals," + expired, allTraits + "," + expired} {
			t.Run(personality, func(t *testing.T) {
				t.Parallel()
				inBubble(t, personality, faults, func(t *testing.T, f *workerFixture) {
					f.startTwo(t)
					f.enqueue(t, "bj", items)
					f.jump(t, 25*time.Hour)
					f.awaitSuccess(t)
				})
			})
		}
	}
}

func (f *workerFixture) startTwo(t *testing.T) {
	t.Helper()
	for _, name := range []string{"w1", "w2"} {
		f.start(t, name, f.lane(t, "bj", 0))
	}
}

// awaitSuccess waits until the batch is done, and checks that each item has its HaVIP.
func (f *workerFixture) awaitSuccess(t *testing.T) {
	t.Helper()
	if b := f.await(t); b.Counts[ledger.Created]+b.Counts[ledger.Adopted] != items {
		t.Errorf("counts %v", b.Counts)
	}
	f.exactlyOnce(t)
}

// jump advances BCE's clock when most items have had an unknown outcome, and then lets every call succeed.
func (f *workerFixture) jump(t *testing.T, d time.Duration) {
	t.Helper()
	f.awaitUnknown(t, items*2/3)
	f.sim.Advance(d)
	if err := f.sim.SetFaults(bcesim.Faults{}); err != nil {
		t.Fatal(err)
	}
	if n := len(f.sim.Truth().Live()); n == 0 || n == items {
		t.Fatalf("%d of %d exist when the clock jumps: there is nothing to tell apart", n, items)
	}
}

// awaitUnknown returns when n items have had an unknown outcome, according to the batch's events.
func (f *workerFixture) awaitUnknown(t *testing.T, n int) {
	t.Helper()
	after, unknown := "", map[string]bool{}
	for len(unknown) < n {
		events, err := f.ledger.Events(t.Context(), batch, after, 1000, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			after = e.ID
			if e.Kind == string(ledger.Unknown) {
				unknown[e.Key] = true
			}
		}
	}
}
