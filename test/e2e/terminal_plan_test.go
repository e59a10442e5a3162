package e2e

import (
	"path/filepath"
	"testing"
)

// TestPlanIsTheApproval applies a saved plan without asking, on a terminal and without one.
func TestPlanIsTheApproval(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	for _, batch := range []string{"on-a-terminal", "without"} {
		saved := filepath.Join(w.dir, batch)
		w.enqueue(t, "plan", w.write(t, batch+".csv", rowsOf(2)), "--allow-duplicates", "--out", saved)
		if batch == "without" {
			w.enqueue(t, "apply", saved)
		} else if code := w.terminal(t, "apply", saved).wait(t); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if n := w.standing(t, batch).Total; n != 2 {
			t.Errorf("%s: %d items, want 2", batch, n)
		}
	}
}
