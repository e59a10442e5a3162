package e2e

import (
	"testing"

	"havip/ledger"
)

// TestCreateWaitsForRedis: a wait for one item outlives a restart of Redis, like a wait for a batch.
func TestCreateWaitsForRedis(t *testing.T) {
	t.Parallel()
	const batch = "one"
	w := newStack(t)
	p := w.start(t, "enqueue", "create", "--batch", batch, "--name", "web-vip", "--subnet", "sbn-dk8gl9bc", "--wait", "-o", "ndjson")
	w.awaitCommitted(t, batch)
	w.redis.Kill()
	p.awaitText(t, sayRedisAway)
	w.redis.Restart(t)
	w.worker(t)
	code := p.wait(t)
	if results := parseResults(t, p.stdout.String()); code != 0 || len(results) != 1 || results[0].State != "created" {
		t.Errorf("exit code %d: %s%s", code, p.stdout, p.stderr)
	}
}

// awaitCommitted waits until a producer has put in the whole batch.
func (w *stack) awaitCommitted(t *testing.T, batch string) {
	t.Helper()
	records := ledger.New(w.redis.Client(t))
	eventually(t, "batch "+batch+" is put in", func() bool {
		b, err := records.Batch(t.Context(), batch)
		return err == nil && b.CommittedAt != 0
	})
}
