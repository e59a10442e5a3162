//go:build !race

package simulation

// Not under the race detector, which lets goroutines go on in any order. make test runs the package a second time
// without it.

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

// withoutLogs drops what processes log: of two that wake at one moment, either may be first to.
func withoutLogs(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, " log ") })
}

// Repeating a story gives the same result; otherwise a seed would be useless.
func TestStoriesRepeatThemselves(t *testing.T) { //nolint:paralleltest // see TestStories
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	others := 0
	for seed := range uint64(100) {
		_, first, _ := tell(t, seeded(seed), true)
		_, second, _ := tell(t, seeded(seed), true)
		first, second = withoutLogs(first), withoutLogs(second)
		for i, line := range first {
			if i == len(second) || line != second[i] {
				// Of two that wake at one moment, the runtime now and then has another go first.
				if others++; others <= 20 {
					break
				}
				t.Fatalf("more than 20 of 100; seed %d, line %d:\n%s", seed, i, strings.Join(append(first[max(0, i-6):i+1], second[i:min(i+1, len(second))]...), "\n"))
			}
		}
	}
}
