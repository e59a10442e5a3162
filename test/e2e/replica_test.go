package e2e

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"havip/test/redistest"
)

// TestReplicaLags: a command that changes a batch or a lane does not succeed while a failover of Redis could still
// forget that, unless it is told to.
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
	apply := []string{"apply", "--yes", "--allow-duplicates", w.write(t, "lagging.csv", rowsOf(3)), "--redis=" + w.redis.URL()}
	create := []string{"create", "--name", "one", "--subnet", "sbn-a"}
	prepared := [][]string{apply, create, {"apply", "--yes", "--allow-duplicates", w.write(t, "second.csv", rowsOf(3))}, {"apply", "--yes", "--allow-duplicates", w.write(t, "third.csv", rowsOf(3))}}
	for _, args := range prepared {
		// One that has no processor for two seconds hangs as well.
		eventually(t, args[0]+" is verified", func() bool {
			p := w.start(t, "enqueue", args...)
			return p.wait(t) == 0 && !strings.Contains(p.stderr.String(), "warning")
		})
	}
	replica.Stop()
	said := w.unverified(t, [][][]string{
		{apply, {"pause", "--batch", "lagging"}, {"resume", "--batch", "lagging"}, append(slices.Clone(apply), "--wait")},
		{create, {"limit", "set", "default/bj", "--rps", "3"}, {"limit", "unset", "default/bj"}},
		{{"pause", "default/bj"}, {"resume", "default/bj", "--reason", "it's over"}},
		// The second finds nothing left to do, and it is still not verified.
		{{"cancel", "second", "--yes"}, {"cancel", "second", "--yes"}, {"retry", "second", "--yes", "--where", "state=canceled"}},
		{{"rollback", "third", "--yes"}, {"cancel", "third", "--yes"}, {"archive", "third", "--yes"}, {"archive", "third", "--yes"}, {"delete", "third", "--yes"}},
	})
	w.env = append(w.env, "HAVIP_ALLOW_UNVERIFIED_DURABILITY=true")
	for line := range strings.Lines(w.enqueue(t, apply...).stderr.String()) {
		if strings.HasPrefix(line, "warning") {
			said = append(said, line)
		}
	}
	golden(t, "TestReplicaLags", strings.ReplaceAll(strings.Join(said, ""), w.dir, "DIR"))
}

// unverified runs each list of commands, all lists at once, and returns the errors that they end with.
func (w *stack) unverified(t *testing.T, lists [][][]string) []string {
	t.Helper()
	said := make([][]string, len(lists))
	var wg sync.WaitGroup
	for i, list := range lists {
		wg.Go(func() {
			for _, args := range list {
				p := start(t, command{program: "enqueue", args: args, env: w.env, dir: w.dir})
				<-p.done
				if p.exitCode() != 5 {
					t.Errorf("%v: exit code %d, want 5", args, p.exitCode())
				}
				lines := strings.SplitAfter(p.stderr.String(), "\n")
				said[i] = append(said[i], lines[max(0, len(lines)-2)])
			}
		})
	}
	wg.Wait()
	return slices.Concat(said...)
}
