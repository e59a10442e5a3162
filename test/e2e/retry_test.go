package e2e

import (
	"io"
	"strings"
	"testing"
)

// TestRetryKilled kills a retry of many rejected items again and again while a worker carries out
// what it has let go on. Every item is created once.
func TestRetryKilled(t *testing.T) {
	t.Parallel()
	const batch, n = "retrying", 1500
	w := newWorld(t, "--faults", "create:answer=x1500:400/NoSuchObject")
	rows := rowsOf(n)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", "120s")
	if got := w.stats(t).Live; got != 0 {
		t.Fatalf("%d HaVIPs exist where all were refused", got)
	}
	killed := 0
	for i := range 5 {
		p := w.start(t, "enqueue", "retry", batch, "--where", "state=rejected", "--yes")
		eventually(t, "the retry is at work", func() bool { return p.ended() || w.stats(t).Live > 200*i })
		if !p.ended() {
			killed++
		}
		p.kill()
	}
	if killed == 0 {
		t.Error("no retry was killed half-way")
	}
	w.enqueue(t, "retry", batch, "--where", "state=rejected", "--yes")
	// What was let go on and not enqueued, a worker finds within minutes; or whoever hurries it.
	w.enqueue(t, "retry", batch, "--yes")
	w.enqueue(t, "watch", batch, "--timeout", "120s", "--exit-status")
	requireTruth(t, rows, w.results(t, batch), w.truth(t))
}

// TestBulkConfirmation asks on a terminal before many items are changed, and takes no for an answer.
func TestBulkConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enqueue(t, "apply", exampleFile(t))
	for _, answer := range []string{"n", ""} {
		term := w.terminal(t, "retry", "havips")
		term.await(t, "Retry: 9 items eligible")
		term.await(t, "hurry: 9 queued")
		term.await(t, "Retry 9 items? [y/N]")
		if _, err := io.WriteString(term.keys, answer+"\n"); err != nil {
			t.Fatal(err)
		}
		if code := term.wait(t); code != 130 || !strings.Contains(term.screen.String(), "nothing was changed") {
			t.Errorf("answer %q: exit code %d", answer, code)
		}
	}
	interrupted := w.terminal(t, "retry", "havips")
	interrupted.await(t, "Retry 9 items? [y/N]")
	if _, err := io.WriteString(interrupted.keys, "\x03"); err != nil {
		t.Fatal(err)
	}
	if code := interrupted.wait(t); code != 130 || !strings.Contains(interrupted.screen.String(), "interrupted; nothing was changed") {
		t.Errorf("Ctrl-C: exit code %d", code)
	}
	yes := w.terminal(t, "retry", "havips")
	yes.await(t, "Retry 9 items? [y/N]")
	if _, err := io.WriteString(yes.keys, "y\n"); err != nil {
		t.Fatal(err)
	}
	if code := yes.wait(t); code != 0 || !strings.Contains(yes.screen.String(), "Retry: 9 items\r\n") {
		t.Errorf("answer y: exit code %d", code)
	}
	for _, flag := range []string{"--yes", "--dry-run"} {
		if code := w.terminal(t, "retry", "havips", flag).wait(t); code != 0 {
			t.Errorf("%s: exit code %d", flag, code)
		}
	}
}
