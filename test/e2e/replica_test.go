package e2e

import (
	"net"
	"strings"
	"testing"

	"havip/test/redistest"
)

// TestReplicaLags: whoever puts a batch in is told while a failover of Redis could still forget it.
func TestReplicaLags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host, port, err := net.SplitHostPort(w.redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.Start(t, redistest.Lines("replicaof "+host+" "+port, "repl-diskless-sync-delay 0"))
	master := w.redis.Client(t)
	eventually(t, "the replica follows", func() bool {
		n, err := master.Do(t.Context(), "WAIT", 1, 1000).Int()
		return err == nil && n == 1
	})
	file := w.write(t, "lagging.csv", rowsOf(3))
	create := []string{"create", "--name", "one", "--subnet", "sbn-a"}
	const warning = "no replica of Redis has confirmed it; should Redis fail over now, run the same command again"
	for _, args := range [][]string{{"apply", file}, create} {
		if said := w.enqueue(t, args...).stderr.String(); strings.Contains(said, "warning") {
			t.Errorf("%v with a replica that follows says:\n%s", args, said)
		}
	}
	replica.Stop()
	for _, args := range [][]string{{"apply", file}, create} {
		if said := w.enqueue(t, args...).stderr.String(); !strings.Contains(said, warning) {
			t.Errorf("%v with a replica that hangs says:\n%s", args, said)
		}
	}
}
