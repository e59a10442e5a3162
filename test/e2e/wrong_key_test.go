package e2e

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"havip/internal/lane"
	"havip/ledger"
)

// TestWrongKey: with a wrong secret key, one item at a time tries, ever more rarely, and none is lost to
// it. With the right one and a restart, all are created.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	const batch, most = "wrong-key", 20
	w := newStack(t)
	rows := rowsOf(200)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	right := w.env
	w.env = append(without(right, "BCE_SECRET_ACCESS_KEY"), "BCE_SECRET_ACCESS_KEY=wrong")
	watch := w.start(t, "enqueue", "watch", batch)
	mistaken := []*process{w.worker(t), w.worker(t)}
	w.awaitSuspension(t, 3) // of both workers' first requests, and a probe
	if n := len(w.creates(t)); n >= most {
		t.Errorf("%d calls for one wrong key, want fewer than %d", n, most)
	}
	if b := w.standing(t, batch); b.Counts[ledger.Queued]+b.Counts[ledger.Sending]+b.Counts[ledger.Waiting] != int64(len(rows)) {
		t.Errorf("items are lost to a wrong key: %v", b.Counts)
	}
	suspension := w.suspensions(t)[0]
	if suspension.Code != "SignatureDoesNotMatch" {
		t.Errorf("%+v", suspension)
	}
	// Both tell why nothing moves.
	watch.awaitText(t, suspension.Code)
	told := linesWith(suspension.Code, w.enqueue(t, "status", batch).stderr.String()+watch.stderr.String())
	// Of a create, or of the listing that checks the key.
	golden(t, "TestWrongKey", regexp.MustCompile(`\d+ refusals?`).ReplaceAllString(told, "SOME refusals"))
	for _, p := range mistaken {
		p.signal(syscall.SIGTERM)
		if code := p.wait(t); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	w.env = right
	w.worker(t)
	if code := watch.wait(t); code != 0 || len(w.suspensions(t)) > 0 {
		t.Errorf("watch: exit code %d", code)
	}
	w.requireExactlyOnce(t, batch, rows)
}

// linesWith are the lines of a text that have a word.
func linesWith(word, text string) string {
	var found strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			found.WriteString(line)
		}
	}
	return found.String()
}

// suspensions are those of the lane and its subnets.
func (w *stack) suspensions(t *testing.T) []lane.Suspension {
	t.Helper()
	suspensions, err := lane.NewBreaker(w.redis.Client(t), "default/bj").Suspensions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return suspensions
}

// awaitSuspension waits until the lane is suspended, and so many requests have failed for it.
func (w *stack) awaitSuspension(t *testing.T, failures int) {
	t.Helper()
	eventually(t, "the lane is suspended", func() bool {
		suspensions := w.suspensions(t)
		return len(suspensions) == 1 && suspensions[0].Failures >= failures
	})
}
