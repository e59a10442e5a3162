package e2e

import (
	"path/filepath"
	"testing"
)

// TestConfirmationOfAPlan asks before a saved plan is applied, too; a no leaves no mark of it.
func TestConfirmationOfAPlan(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	saved := filepath.Join(w.dir, "saved plan")
	w.enqueue(t, "plan", exampleFile(t), "--out", saved)
	for _, try := range []struct {
		answer string
		code   int
	}{{"n", 130}, {"y", 0}} {
		term := w.terminal(t, "apply", saved)
		term.await(t, question)
		if keys := dump(t, w.redis.Client(t)); keys != "" {
			t.Errorf("before an answer, Redis has %s", keys)
		}
		term.press(t, try.answer+"\n")
		if code := term.wait(t); code != try.code {
			t.Errorf("answer %q: exit code %d", try.answer, code)
		}
	}
	// Applied again, it has nothing left to ask about.
	again := w.terminal(t, "apply", saved).wait(t)
	if items, tasks := w.standing(t, "havips").Total, tasksOf(t.Context(), w.redis.Client(t)); again != 0 || items != 9 || tasks != 9 {
		t.Errorf("applied again: exit code %d; %d items, %d tasks", again, items, tasks)
	}
}
