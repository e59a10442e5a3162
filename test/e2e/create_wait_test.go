package e2e

import (
	"strings"
	"testing"
)

// TestCreateWaitsForRedis: whoever waits for one item waits for a Redis that dies and comes back as well,
// like whoever waits for a batch.
func TestCreateWaitsForRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(t, "enqueue", "create", "--batch", "one", "--name", "web-vip", "--subnet", "sbn-dk8gl9bc", "--wait", "-o", "ndjson")
	eventually(t, "the item is put in", func() bool {
		listed := w.start(t, "enqueue", "list", "--json", "batch,phase")
		listed.wait(t, patience)
		return strings.Contains(listed.stdout.String(), `"running"`)
	})
	w.redis.Kill()
	p.awaitText(t, "redis does not answer; still looking (")
	w.redis.Restart(t)
	w.worker(t)
	if code := p.wait(t, patience); code != 0 || !strings.Contains(p.stdout.String(), `"state":"created"`) {
		t.Errorf("exit code %d: %s%s", code, p.stdout, p.stderr)
	}
}
