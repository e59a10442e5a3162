package worker

import (
	"testing"
	"time"

	"havip/bce/bcesim"
	"havip/ledger"
)

// items is how many items each site has.
const items = 60

// allTraits answers every open question in the less convenient way.
const allTraits = "replay-refusals,concurrent=refuse,compare=value,scope=path,list-lag=30s,not-found=400," +
	"code.RateLimit=Busy,status.RateLimit=400,code.IdempotentParameterMismatch=TokenUsed,status.IdempotentParameterMismatch=400"

// What nobody knows about the real API must not matter: under each answer to each open question, and
// under all of them at once, lost answers still end in exactly one HaVIP an item.
func TestPersonalities(t *testing.T) {
	t.Parallel()
	const faults = "seed=5,create:commit-500=x8,create:commit-reset=x8,create:commit-truncated=x4,create:error-503=x4,create:html-502=x4," +
		"create:429=x2,create:429=x2:1s"
	for _, spec := range []string{
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
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			s := newSiteLike(t, spec, faults)
			s.enqueue(t, "bj", items)
			if b := s.await(t); b.Counts[ledger.Created] != items {
				t.Errorf("counts %v", b.Counts)
			}
			s.exactlyOnce(t)
		})
	}
}

// The same where it takes a lookup, which comes a minute after an item's last request: all sites wait
// for it together.
func TestPersonalitiesInDoubt(t *testing.T) {
	t.Parallel()
	// Longer than a worker waits for its answer, and after some were answered: a lane starts slowly.
	const stalls = "create:stall-after=#11:17s,create:stall-after=#13:17s,create:stall-before=#15:17s,create:stall-before=#17:17s"
	// Some HaVIPs exist, some do not, and no answer tells which.
	const doubtful = "seed=5,create:commit-reset=0.45,create:fail=0.8:500/InternalError," + stalls
	sites := map[string]*site{}
	begin := func(personality, faults string) *site {
		s := newSiteLike(t, personality, faults)
		s.enqueue(t, "bj", items)
		sites[personality] = s
		return s
	}
	for _, concurrent := range []string{"concurrent=refuse,list-lag=30s", "concurrent=block", "concurrent=refuse,status.RequestInProgress=403"} {
		begin(concurrent, stalls)
	}
	for _, expired := range []string{"expired=new", "expired=mismatch"} {
		for _, personality := range []string{expired, "replay-refusals," + expired, allTraits + "," + expired} {
			begin(personality, doubtful).jump(t, 25*time.Hour)
		}
	}
	for personality, s := range sites {
		t.Run(personality, func(t *testing.T) {
			if b := s.await(t); b.Counts[ledger.Created]+b.Counts[ledger.Adopted] != items {
				t.Errorf("counts %v", b.Counts)
			}
			s.exactlyOnce(t)
		})
	}
}

// newSiteLike is a site with two workers, and a BCE of this personality.
func newSiteLike(t *testing.T, personality, faults string) *site {
	t.Helper()
	var options bcesim.Options
	var err error
	if options.Personality, err = bcesim.ParsePersonality(personality); err != nil {
		t.Fatal(err)
	}
	if options.Faults, err = bcesim.ParseFaults(faults); err != nil {
		t.Fatal(err)
	}
	s := newSiteOf(t, options)
	for _, name := range []string{"w1", "w2"} {
		s.start(t, name, s.lane(t, "bj", 0))
	}
	return s
}

// jump puts BCE's clock forward when most items have been in doubt, and then lets every call succeed.
func (s *site) jump(t *testing.T, d time.Duration) {
	t.Helper()
	s.awaitDoubt(t, items*2/3)
	s.sim.Advance(d)
	if err := s.sim.SetFaults(bcesim.Faults{}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.sim.Truth().Live()); n == 0 || n == items {
		t.Fatalf("%d of %d exist when the clock jumps: there is nothing to tell apart", n, items)
	}
}

// awaitDoubt returns when so many items have been in doubt, by watching the batch's events.
func (s *site) awaitDoubt(t *testing.T, n int) {
	t.Helper()
	after, doubted := "", map[string]bool{}
	for len(doubted) < n {
		events, err := s.ledger.Events(t.Context(), batch, after, 1000, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			after = e.ID
			if e.Kind == string(ledger.Unknown) {
				doubted[e.Key] = true
			}
		}
	}
}
