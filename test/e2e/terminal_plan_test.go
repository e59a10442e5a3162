package e2e

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfirmationOfAPlan asks before a saved plan is applied, too; a no leaves no mark of it.
func TestConfirmationOfAPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	saved := filepath.Join(w.dir, "saved plan")
	w.enqueue(t, "plan", exampleFile(t), "--out", saved)
	for _, answer := range []struct {
		text, want string
		code       int
	}{{"n", "nothing was enqueued", 130}, {"y", "9 items enqueued", 0}} {
		term := w.terminal(t, "apply", saved)
		term.await(t, "Enqueue them? [y/N]")
		if answer.code != 0 {
			if n, err := w.redis.Client(t).DBSize(t.Context()).Result(); err != nil || n != 0 {
				t.Errorf("before an answer, Redis has %d keys: %v", n, err)
			}
		}
		if _, err := io.WriteString(term.keys, answer.text+"\n"); err != nil {
			t.Fatal(err)
		}
		if code := term.wait(t); code != answer.code || !strings.Contains(term.screen.String(), answer.want) {
			t.Errorf("answer %q: exit code %d", answer.text, code)
		}
	}
	again := w.terminal(t, "apply", saved)
	if code := again.wait(t); code != 0 || !strings.Contains(again.screen.String(), "nothing to do") {
		t.Errorf("applied again: exit code %d", code)
	}
}
