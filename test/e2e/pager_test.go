package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// pagerScript is a pager that, as less, takes Ctrl-C as a key among others and ends at q. It counts each Ctrl-C.
const pagerScript = `#!/bin/sh
n=0
trap 'n=$((n+1)); echo "interrupt $n"' INT
trap 'echo terminated; exit' TERM
cat
echo shown
until read -r key </dev/tty && [ "$key" = q ]; do :; done
echo left
`

// Ctrl-C, pressed as often as somebody likes, is the pager's, which is not left behind; SIGTERM ends both.
func TestPagerHasTheTerminal(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.enqueue(t, "apply", "--yes", w.write(t, "paged.csv", rowsOf(1)))
	pager := filepath.Join(w.dir, "pager")
	if err := os.WriteFile(pager, []byte(pagerScript), 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "HAVIP_PAGER="+pager)
	const notTheSame = 100 * time.Millisecond // from which a second signal is taken for another one
	t.Run("Ctrl-C", func(t *testing.T) {
		term := w.terminal(t, "results", "paged")
		term.await(t, "shown")
		for _, count := range []string{"interrupt 1", "interrupt 2", "interrupt 3"} {
			term.press(t, ctrlC)
			term.await(t, count)
			elapsed(notTheSame, term.done)
		}
		term.press(t, "q\n")
		term.await(t, "left")
		if code := term.wait(t); code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("SIGTERM", func(t *testing.T) {
		term := w.terminal(t, "results", "paged")
		term.await(t, "shown")
		if err := term.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		term.await(t, "terminated")
		term.wait(t)
	})
}
