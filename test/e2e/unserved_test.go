package e2e

import (
	"strings"
	"testing"
)

// TestWorkerThatRedisForgot: asynq's servers say every few seconds that they are there. Where Redis has just
// forgotten it, as after a restart, nobody is told that a lane is served by no worker.
func TestWorkerThatRedisForgot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enqueue(t, "pause", "default/bj")
	w.worker(t)
	w.enqueue(t, "apply", w.write(t, "waiting.csv", rowsOf(3)))
	rdb := w.redis.Client(t)
	forget := func() {
		t.Helper()
		keys, err := rdb.Keys(t.Context(), "asynq:servers*").Result()
		if err != nil || len(keys) == 0 {
			t.Fatalf("keys %v: %v", keys, err)
		}
		if err := rdb.Del(t.Context(), keys...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range [][]string{{"status"}, {"pause", "default/bj"}, {"doctor"}} {
		eventually(t, "the worker says that it is there", func() bool { return rdb.Exists(t.Context(), "asynq:servers").Val() == 1 })
		forget()
		p := w.enqueue(t, command...)
		if said := strings.ToLower(p.stderr.String() + p.stdout.String()); strings.Contains(said, "no worker serves") {
			t.Errorf("%v: %s", command, said)
		}
	}
}
