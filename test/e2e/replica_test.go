package e2e

import (
	"net"
	"strings"
	"testing"

	"havip/test/redistest"
)

// TestReplicaLags: whoever changes a batch or a lane is warned while a failover of Redis could still forget it, and
// not otherwise.
func TestReplicaLags(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	host, port, err := net.SplitHostPort(w.redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.Start(t, redistest.Lines("replicaof "+host+" "+port, "repl-diskless-sync-delay 0"))
	redistest.AwaitReplica(t, w.redis)
	// A replica that hangs stays one.
	if err := w.redis.Client(t).ConfigSet(t.Context(), "repl-timeout", "3600").Err(); err != nil {
		t.Fatal(err)
	}
	commands := [][]string{{"apply", w.write(t, "lagging.csv", rowsOf(3))}, {"create", "--name", "one", "--subnet", "sbn-a"}}
	for _, args := range commands {
		// One that has no processor for two seconds hangs as well.
		eventually(t, args[0]+" does not warn", func() bool { return len(warnings(w.enqueue(t, args...))) == 0 })
	}
	replica.Stop()
	changes := [][]string{
		{"limit", "set", "default/bj", "--rps", "3"},
		{"limit", "unset", "default/bj"},
		{"pause", "default/bj"},
		{"resume", "default/bj"},
		{"pause", "--batch", "lagging"},
		{"resume", "--batch", "lagging"},
		{"cancel", "lagging", "--yes"},
		{"delete", "lagging", "--yes"},
	}
	var said []string
	for _, args := range append(commands, changes...) {
		said = append(said, warnings(w.enqueue(t, args...))...)
	}
	golden(t, "TestReplicaLags", strings.Join(said, ""))
}

// warnings are the lines on stderr that warn.
func warnings(p *process) []string {
	var found []string
	for line := range strings.Lines(p.stderr.String()) {
		if strings.HasPrefix(line, "warning") {
			found = append(found, line)
		}
	}
	return found
}
