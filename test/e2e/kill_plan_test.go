package e2e

import (
	"os"
	"path/filepath"
	"slices"
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
			w := newStack(t)
			l := w.newLink(t)
			w.env = append(w.env, "HAVIP_REDIS_URL="+l.url()) // a plan is for the Redis of this address
			rows := rowsOf(600)
			if before > 0 {
				w.enqueue(t, "apply", "--yes", w.write(t, "before.csv", rows[:before]), "--batch", "bulk")
			}
			file := w.write(t, "bulk.csv", rows)
			saved := filepath.Join(w.dir, "saved")
			w.enqueue(t, "plan", file, "--out", saved)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			worker := w.killApplies(t, l, saved, before, len(rows))
			w.enqueue(t, "apply", saved)
			w.enqueue(t, "watch", "bulk", "--exit-status")
			w.requireExactlyOnce(t, "bulk", rows)
			worker.signal(syscall.SIGTERM)
			worker.wait(t)
			done := w.itemsAndTasks(t, "bulk")
			w.enqueue(t, "apply", saved)
			if w.itemsAndTasks(t, "bulk") != done {
				t.Error("applied in vain, it changes something")
			}
		})
	}
}

// itemsAndTasks is what Redis has of the batch's items and of tasks; not the batch itself, of which is noted
// when somebody put something in, nor what is forgotten by itself.
func (w *stack) itemsAndTasks(t *testing.T, batch string) string {
	t.Helper()
	keys := strings.Split(dump(t, w.redis.Client(t)), "\n")
	keys = slices.DeleteFunc(keys, func(key string) bool {
		item := strings.HasPrefix(key, "havip:{"+batch+"}:") && !strings.HasPrefix(key, "havip:{"+batch+"}:batch:")
		return !item && !strings.HasPrefix(key, "asynq:{")
	})
	slices.Sort(keys)
	return strings.Join(keys, "\n")
}

// TestInterruptedPlan interrupts a plan that is being saved: what stood under its name stays, and
// nothing is left beside it.
func TestInterruptedPlan(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	dir := t.TempDir()
	saved := filepath.Join(dir, "saved")
	w.enqueue(t, "plan", exampleFile(t), "--out", saved)
	before, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	w.faults(t, "list:gate-before")
	p := w.start(t, "enqueue", "plan", exampleFile(t), "--live", "--out", saved)
	eventually(t, "the plan is being saved", func() bool { return len(namesIn(t, dir)) == 2 })
	p.signal(syscall.SIGINT)
	if code := p.wait(t); code != 130 {
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

// killApplies kills four runs of apply at moments between the first item and the last. It returns the worker
// that carries out what they put in.
func (w *stack) killApplies(t *testing.T, l *link, plan string, first, last int) (worker *process) {
	t.Helper()
	const kills = 4
	chance := seeded(t)
	for i := range kills {
		step := 2 * (last - first) / kills
		w.killApply(t, l, plan, 2*first+i*step+chance.IntN(step/2), chance.IntN(killSpread))
		if i == kills/2 {
			worker = w.worker(t, "--concurrency", "40", "--redis", w.redis.URL())
		}
	}
	return worker
}
