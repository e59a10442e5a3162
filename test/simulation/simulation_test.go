package simulation

import (
	"flag"
	"maps"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	storiesFlag = flag.Int("stories", 300, "how many stories are told")
	seedFlag    = flag.Uint64("seed", 1, "the seed of the first story; the next ones have the numbers after it; 0 takes one by chance")
	forFlag     = flag.Duration("for", 0, "tell stories for this long at most; 0 is until all are told")
	shrinkFlag  = flag.Bool("shrink", true, "make a story shorter that breaks a promise")
	tellFlag    = flag.Bool("tell", false, "tell the story of the seed, line by line")
)

// byteSource is a source of bytes that depends on its seed alone.
type byteSource struct {
	mu sync.Mutex
	*rand.Rand
}

func (b *byteSource) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range p {
		p[i] = byte(b.Uint32())
	}
	return len(p), nil
}

func plainRandom(seed uint64) *byteSource { return &byteSource{Rand: rand.New(rand.NewPCG(seed, 3))} }

// TestStories tells stories of the whole system. Not parallel: they share the process's sources of chance.
func TestStories(t *testing.T) { //nolint:paralleltest // see above
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64N(1 << 40)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))    // one process at a time goes on: others only cost
	defer debug.SetGCPercent(debug.SetGCPercent(2000)) // a story is small
	began, counts := time.Now(), map[string]int{}
	told := 0
	for i := range *storiesFlag {
		if told = i; *forFlag > 0 && time.Since(began) > *forFlag {
			break
		}
		draws := seeded(seed + uint64(i))
		broken, lines, happened := tell(t, draws, *tellFlag)
		for what, n := range happened {
			counts[what] += n
		}
		if *tellFlag {
			t.Log("\n" + strings.Join(lines, "\n"))
		}
		if broken != "" {
			if !*shrinkFlag {
				t.Fatalf("-seed=%d -stories=1: %s", seed+uint64(i), broken)
			}
			explain(t, seed+uint64(i), broken, draws.drawn)
			return
		}
	}
	took := time.Since(began)
	t.Logf("seeds %d to %d: %d stories in %v, %.0f a second", seed, seed+uint64(told), told+1, took.Round(time.Second), float64(told+1)/took.Seconds())
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%8d %s", counts[what], what)
	}
}

// kindOf is a break without the names in it.
func kindOf(broken string) string {
	var words []string
	for word := range strings.FieldsSeq(broken) {
		if len(words) < 7 && !strings.ContainsAny(word, "0123456789-") {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// explain makes the story shorter, and tells it.
func explain(t *testing.T, seed uint64, broken string, drawn []int) {
	t.Helper()
	breaksAgain := func(given []int) string {
		again, _, _ := tell(t, &tape{given: given}, false)
		if kindOf(again) != kindOf(broken) {
			return ""
		}
		return again
	}
	repeated := ""
	for range 3 { // of two that wake at one moment, now and then another goes first
		if repeated == "" {
			repeated = breaksAgain(drawn)
		}
	}
	if repeated == "" {
		t.Errorf("-seed=%d: %s\n(the story does not repeat itself)", seed, broken)
		return
	}
	short := shorter(drawn, breaksAgain, 1500)
	again, lines, _ := tell(t, &tape{given: short}, true)
	t.Errorf("-seed=%d -stories=1: %s\nmade shorter, from %d draws to %d: %s\n%s", seed, broken, len(drawn), len(short), again, strings.Join(lines, "\n"))
}
