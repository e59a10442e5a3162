//go:build !race

package simulation

// Not under the race detector, which takes minutes for these and sees the same code in TestStories. make test runs the
// package a second time without it.

import (
	"flag"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"havip/internal/jitter"
)

var restoreFlag = flag.Int("restores", 1, "of how many stories a backup of every write is restored")

// delays are how long after the end of a story its backup is restored.
var delays = []time.Duration{0, 10 * time.Minute, time.Hour, 21 * time.Hour, 26 * time.Hour}

// A backup of any moment may be restored at any time: no item has two HaVIPs, but for what decision 7 names.
func TestRestoreOfEveryWrite(t *testing.T) { //nolint:paralleltest // see TestStories
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	seed, restores := max(*seedFlag, 1), 0
	for i := range *restoreFlag {
		for _, delay := range delays {
			for write := 1; ; write++ {
				broken, taken := restored(t, seed+uint64(i), write, delay)
				if broken != "" {
					t.Fatalf("-seed=%d, restored to write %d %v later: %s", seed+uint64(i), write, delay, broken)
				}
				if !taken {
					break
				}
				restores++
			}
		}
	}
	t.Logf("%d backups of %d stories restored", restores, *restoreFlag)
}

// restored tells a story in which nothing fails, and restores the backup of its nth write some time after its end.
func restored(t *testing.T, seed uint64, write int, delay time.Duration) (broken string, taken bool) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		uuid.SetRand(plainRandom(1))
		jitter.Seed(1)
		s := newStory(seeded(seed), false)
		clear(s.may)
		s.faults.Store(0)
		s.yields = 100
		x := s.sites[0]
		s.after = func() {
			if !taken && x.store.Writes() >= write {
				taken = true
				x.backups = []backup{x.keep()}
			}
		}
		s.run()
		s.finish()
		s.after = nil
		if taken && s.broken == "" {
			s.pass(delay, true)
			s.putBack(x, x.backups[0])
			s.finish()
		}
		s.buryAll()
		broken = s.broken
	})
	return broken, taken
}
