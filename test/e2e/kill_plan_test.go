package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestKilledApplyOfAPlan kills the applying of a saved plan again and again, over a batch that is new
// and over one that stands, the later times while a worker carries out what is there. It goes on over
// its own items each time, and never needs the file that it was made of.
func TestKilledApplyOfAPlan(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]int{"a new batch": 0, "a batch that stands": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rows := rowsOf(2000)
			if before > 0 {
				w.enqueue(t, "apply", w.write(t, "before.csv", rows[:before]), "--batch", "bulk")
			}
			file := w.write(t, "bulk.csv", rows)
			saved := filepath.Join(w.dir, "saved")
			w.enqueue(t, "plan", file, "--out", saved)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			w.killApplies(t, saved, before, len(rows))
			if again := w.enqueue(t, "apply", saved).stderr.String(); !strings.Contains(again, "known already") && !strings.Contains(again, "nothing to do") {
				t.Errorf("applied once more, it says:\n%s", again)
			}
			if again := w.enqueue(t, "apply", saved).stderr.String(); !strings.Contains(again, "nothing to do; all 2,000 items are known") {
				t.Errorf("applied in vain, it says:\n%s", again)
			}
			w.enqueue(t, "watch", "bulk", "--timeout", "3m", "--exit-status")
			w.requireExactlyOnce(t, "bulk", rows)
		})
	}
}

// TestInterruptedPlan interrupts a plan that is being saved: what stood under its name stays, and
// nothing is left beside it.
func TestInterruptedPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	saved := filepath.Join(dir, "saved")
	w.enqueue(t, "plan", exampleFile(t), "--out", saved)
	before, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	w.faults(t, "list:stall-before:60s")
	p := w.start(t, "enqueue", "plan", exampleFile(t), "--live", "--out", saved)
	eventually(t, "the plan is being saved", func() bool { return len(namesIn(t, dir)) == 2 })
	p.signal(syscall.SIGINT)
	if code := p.wait(t, patience); code != 130 || !strings.Contains(p.stderr.String(), "interrupted") {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
	after, err := os.ReadFile(saved)
	if names := namesIn(t, dir); err != nil || string(after) != string(before) || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

// killApplies kills four runs of apply at moments between the first item and the last.
func (w *world) killApplies(t *testing.T, plan string, first, last int) {
	t.Helper()
	const kills = 4
	rdb, chance := w.redis.Client(t), seeded(t)
	killed := 0
	for i := range kills {
		step := (last - first) / kills
		if w.applyAndKill(t, rdb, plan, first+i*step+chance.IntN(step/2), chance.IntN(30)) {
			killed++
		}
		if i == kills/2 {
			w.worker(t, "--concurrency", "40")
		}
	}
	if killed < 2 {
		t.Fatalf("only %d of %d runs were killed before they ended", killed, kills)
	}
}
