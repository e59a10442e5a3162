package worker

import (
	"testing"

	"havip/bce/bcesim"
	"havip/ledger"
)

// What nobody knows about the real API must not matter: under each answer to each open question, and
// under all of them at once, lost answers still end in exactly one HaVIP an item.
func TestPersonalities(t *testing.T) {
	t.Parallel()
	const faults = "seed=5,create:commit-500=x8,create:commit-reset=x8,create:commit-truncated=x4,create:error-503=x4,create:html-502=x4,create:429=x4"
	for _, spec := range []string{
		"replay-refusals",
		"concurrent=refuse",
		"concurrent=block",
		"compare=value",
		"scope=global",
		"scope=path",
		"list-lag=30s",
		"not-found=400",
		"code.RateLimit=RequestRateLimitExceeded",
		"replay-refusals,concurrent=refuse,compare=value,scope=path,list-lag=30s,not-found=400,code.RateLimit=RequestRateLimitExceeded",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			personality, err := bcesim.ParsePersonality(spec)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := bcesim.ParseFaults(faults)
			if err != nil {
				t.Fatal(err)
			}
			s := newSiteOf(t, bcesim.Options{Faults: parsed, Personality: personality})
			for _, name := range []string{"w1", "w2"} {
				s.start(t, name, s.lane(t, "bj", 0))
			}
			s.enqueue(t, "bj", 60)
			if b := s.await(t); b.Counts[ledger.Created] != 60 {
				t.Errorf("counts %v", b.Counts)
			}
			s.exactlyOnce(t)
		})
	}
}
