package e2e

import (
	"strings"
	"testing"
)

// TestWrongKey: with a wrong secret key, one item at a time tries, ever more rarely, and none is lost to
// it. With the right one and a restart, all are created.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	const batch, most = "wrong-key", 20
	w := newWorld(t)
	rows := rowsOf(1500)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	right := w.env
	w.env = append(without(right, "BCE_SECRET_ACCESS_KEY"), "BCE_SECRET_ACCESS_KEY=wrong")
	mistaken := []*process{w.worker(t), w.worker(t)}
	eventually(t, "a probe fails as well", func() bool { return strings.Contains(w.said(), "still held back") })
	if n := len(w.creates(t)); n >= most {
		t.Errorf("%d calls for one wrong key, want fewer than %d", n, most)
	}
	status := w.enqueue(t, "status", batch)
	if said := status.stderr.String(); !strings.Contains(said, "SignatureDoesNotMatch") {
		t.Errorf("status does not tell why nothing moves: %s", said)
	}
	watch := w.start(t, "enqueue", "watch", batch, "--timeout", "10s")
	if code := watch.wait(t, patience); code != 8 || !strings.Contains(watch.stderr.String(), "lane default/bj has been held back") {
		t.Errorf("watch does not tell why nothing moves: exit code %d, %s", code, watch.stderr)
	}
	for _, p := range mistaken {
		p.kill()
	}
	w.env = right
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
}
