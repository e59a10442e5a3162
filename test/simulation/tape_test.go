package simulation

import (
	"math/rand/v2"
	"sync"
)

// tape is the draws that a story is made of: those that are given, and then those of a seed. Of each draw, 0 is
// what makes the story plainest.
type tape struct {
	given  []int
	random *rand.Rand // nil: all that follows is plain
	mu     sync.Mutex // guards drawn
	drawn  []int
}

func seeded(seed uint64) *tape { return &tape{random: rand.New(rand.NewPCG(seed, 17))} }

// draw returns a number from 0 to n-1.
func (t *tape) draw(n int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := 0
	switch at := len(t.drawn); {
	case n <= 1:
		return 0
	case at < len(t.given):
		v = t.given[at] % n
	case t.random != nil:
		v = t.random.IntN(n)
	}
	t.drawn = append(t.drawn, v)
	return v
}

// plain makes all that follows plain.
func (t *tape) plain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.given, t.random = nil, nil
}

// chance reports true in so many of a hundred cases; true is never the plain case.
func (t *tape) chance(percent int) bool { return t.draw(100) >= 100-percent }

// shorter looks for a tape that is broken alike and plainer: without some of its draws, or with zeros for them.
// Broken tells what a tape's story breaks, "" if nothing.
func shorter(drawn []int, broken func(given []int) string, tries int) []int {
	best := trimmed(drawn)
	for size := len(best) / 2; size >= 1 && tries > 0; {
		improved := false
		for at := 0; at < len(best) && tries > 0; at += size {
			end := min(at+size, len(best))
			without := append(append([]int{}, best[:at]...), best[end:]...)
			zeroed := append([]int{}, best...)
			clear(zeroed[at:end])
			for _, candidate := range [][]int{without, zeroed} {
				if candidate = trimmed(candidate); !plainer(candidate, best) {
					continue
				}
				if tries--; broken(candidate) != "" {
					best, improved = candidate, true
					break
				}
			}
		}
		if !improved || size > len(best) {
			size /= 2
		}
	}
	return best
}

func trimmed(drawn []int) []int {
	end := len(drawn)
	for end > 0 && drawn[end-1] == 0 {
		end--
	}
	return drawn[:end]
}

// plainer compares by length, and then by how many draws are not plain.
func plainer(a, b []int) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	count := func(draws []int) (n int) {
		for _, v := range draws {
			if v != 0 {
				n++
			}
		}
		return n
	}
	return count(a) < count(b)
}
