package e2e

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// following are the commands that go on reading; each is given --timeout by a test that has one.
func following(batch string) map[string][]string {
	return map[string][]string{
		"watch":            {"watch", batch},
		"results --follow": {"results", batch, "--follow"},
		"create --wait":    {"create", "--batch", batch + "-one", "--name", "one", "--subnet", "sbn-a", "--wait"},
	}
}

// awaitReads waits until a command that follows has opened Redis, and goes on reading.
func awaitReads(t *testing.T, rdb redis.UniversalClient, p *process) {
	t.Helper()
	reads := func() (n int64) {
		stats, err := rdb.InfoMap(t.Context(), "stats").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range stats["Stats"]["total_commands_processed"] {
			n = n*10 + int64(c-'0')
		}
		return n
	}
	before := reads()
	eventually(t, "the command reads", func() bool { // each look is a command as well
		before++
		return reads() > before+40 || p.ended()
	})
}

// TestLastingErrorEndsFollowing: an error that only a person can fix ends a command that follows, with Redis's words, once, and the remedy.
func TestLastingErrorEndsFollowing(t *testing.T) {
	t.Parallel()
	for condition, c := range map[string]struct {
		spoil         []any
		words, remedy string
	}{
		"the password is changed": {[]any{"ACL", "DELUSER", "reader"}, "WRONGPASS", "HAVIP_REDIS_URL"},
		"a permission is revoked": {[]any{"ACL", "SETUSER", "reader", "-@all", "+ping"}, "NOPERM", "docs/RUNBOOK.md"},
	} {
		commands := following("b")
		commands["events --follow"] = []string{"events", "b", "--follow"}
		for name, args := range commands {
			t.Run(condition+", "+name, func(t *testing.T) {
				t.Parallel()
				w := newStack(t)
				w.enqueue(t, "apply", "--yes", w.write(t, "b.csv", rowsOf(3)))
				rdb := w.redis.Client(t)
				if err := rdb.Do(t.Context(), "ACL", "SETUSER", "reader", "on", ">pw", "~*", "&*", "+@all").Err(); err != nil {
					t.Fatal(err)
				}
				w.env = append(w.env, "HAVIP_REDIS_URL=redis://reader:pw@"+w.redis.Addr()+"/0")
				p := w.start(t, "enqueue", args...)
				if name == "events --follow" {
					eventually(t, "the command reads", func() bool { return strings.Contains(p.stdout.String(), "committed") })
				} else {
					awaitReads(t, rdb, p)
				}
				if err := rdb.Do(t.Context(), c.spoil...).Err(); err != nil {
					t.Fatal(err)
				}
				code, stderr := p.wait(t), p.stderr.String()
				if code != 5 || strings.Count(stderr, c.words) != 1 || !strings.Contains(stderr, c.remedy) {
					t.Errorf("exit code %d:\n%s", code, stderr)
				}
			})
		}
	}
}

// TestTimeoutWhileRedisHangs: --timeout ends the wait for a Redis that accepts and does not answer, whether it hangs from the
// beginning or later, and the silence is named.
func TestTimeoutWhileRedisHangs(t *testing.T) {
	t.Parallel()
	const tolerance = 20 * time.Second
	for name, args := range following("b") {
		for when, want := range map[string]int{"from the beginning": 5, "later": 8} {
			timeout := 10 * time.Second
			if want == 5 {
				timeout = 3 * time.Second // less than the patience with a server that is down
			}
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				w := newStack(t)
				w.enqueue(t, "apply", "--yes", w.write(t, "b.csv", rowsOf(3)))
				rdb := w.redis.Client(t)
				if want == 5 {
					w.redis.Stop()
				}
				begun := time.Now()
				p := w.start(t, "enqueue", append(args, "--timeout", timeout.String())...)
				if want == 8 {
					awaitReads(t, rdb, p)
					for p.ended() { // on a machine that is too slow, its time was over before it had read
						if code := p.wait(t); code != want {
							t.Fatalf("exit code %d before Redis hung:\n%s", code, p.stderr.String())
						}
						timeout *= 2
						begun = time.Now()
						p = w.start(t, "enqueue", append(slices.Clone(args), "--timeout", timeout.String())...)
						awaitReads(t, rdb, p)
					}
					w.redis.Stop()
				}
				code, took := p.wait(t), time.Since(begun)
				if code != want || took < timeout || took > timeout+tolerance {
					t.Errorf("exit code %d after %s:\n%s", code, took, p.stderr.String())
				}
				if want == 5 && !strings.Contains(p.stderr.String(), "no answer in time") {
					t.Errorf("the silence is not named:\n%s", p.stderr.String())
				}
			})
		}
	}
}

// hangingRedis is a stack whose Redis accepts connections and answers nothing, and whose programs would wait minutes for it.
func hangingRedis(t *testing.T) (w *stack, file string) {
	t.Helper()
	w = emptyWorld(t)
	w.redis = redistest.Start(t, redistest.AppendOnly(redistest.Always))
	w.redis.Stop()
	w.env = append(w.env, "HAVIP_REDIS_URL="+redistest.Patient(w.redis.URL()),
		"BCE_ACCESS_KEY_ID="+accessKey, "BCE_SECRET_ACCESS_KEY="+secretKey, "BCE_ENDPOINT=http://127.0.0.1:1")
	return w, w.write(t, "b.csv", rowsOf(3))
}

// TestHungRedisEndsWithTheSignal: no program waits, after the first signal, for a Redis that does not answer.
func TestHungRedisEndsWithTheSignal(t *testing.T) {
	t.Parallel()
	w, file := hangingRedis(t)
	processes := map[*process]int{w.start(t, "worker"): 0}
	for _, args := range [][]string{
		{"plan", file},
		{"apply", file, "--yes"},
		{"create", "--name", "n", "--subnet", "sbn-a"},
		{"run", file, "--yes"},
		{"import", "b", "--where", "name=n"},
		{"status"},
		{"status", "b"},
		{"watch", "b"},
		{"list"},
		{"results", "b"},
		{"results", "b", "--follow"},
		{"events", "b"},
		{"verify", "b"},
		{"retry", "b", "--yes"},
		{"cancel", "b", "--yes"},
		{"rollback", "b", "--yes"},
		{"delete", "b", "--yes"},
		{"pause", "default/bj"},
		{"resume", "default/bj"},
		{"limit", "show"},
		{"limit", "set", "default/bj", "--rps", "1"},
		{"workers"},
		{"doctor"},
	} {
		processes[w.start(t, "enqueue", args...)] = 130
	}
	for p := range processes {
		p.awaitText(t, "no answer in time")
		p.signal(syscall.SIGINT)
	}
	for p, want := range processes {
		if code := p.wait(t); code != want {
			t.Errorf("%v: exit code %d, want %d: %s", p.cmd.Args, code, want, p.stderr)
		}
	}
}

// TestHungRedisEndsWithTheTimeout: the same with --timeout.
func TestHungRedisEndsWithTheTimeout(t *testing.T) {
	t.Parallel()
	w, file := hangingRedis(t)
	for _, args := range [][]string{
		{"plan", file},
		{"apply", file, "--yes", "--wait"},
		{"create", "--name", "n", "--subnet", "sbn-a", "--wait"},
		{"run", file, "--yes"},
		{"watch", "b"},
		{"results", "b", "--follow"},
		{"rollback", "b", "--yes", "--wait"},
	} {
		p := w.start(t, "enqueue", append(args, "--timeout", "1s")...)
		if code := p.wait(t); code != 5 || !strings.Contains(p.stderr.String(), "no answer in time") {
			t.Errorf("%v: exit code %d: %s", args, code, p.stderr)
		}
	}
}

// TestCommandsWhileRedisLoads: commands that read, change and diagnose wait for a Redis that loads, and say so.
func TestCommandsWhileRedisLoads(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.redis = redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.Lines("key-load-delay 100"))
	w.env = append(w.env, "HAVIP_REDIS_URL="+w.redis.URL())
	rdb := w.redis.Client(t)
	if err := rdb.Set(t.Context(), "n", 0, 0).Err(); err != nil {
		t.Fatal(err)
	}
	w.redis.Kill()
	w.redis.AppendIncrements(t, "n", 1_000_000) // minutes
	restarted := make(chan struct{})
	go func() {
		defer close(restarted)
		w.redis.Restart(t)
	}()
	redistest.Poll(t, "loading", func(ctx context.Context) error {
		if err := rdb.Ping(ctx).Err(); !redis.IsLoadingError(err) {
			return err
		}
		return nil
	})
	doctor := w.start(t, "enqueue", "doctor", "-o", "ndjson")
	waiting := []*process{doctor}
	for _, args := range [][]string{{"status"}, {"list"}, {"workers"}, {"limit", "set", "default/bj", "--rps", "100"}} {
		waiting = append(waiting, w.start(t, "enqueue", args...))
	}
	for _, p := range waiting {
		p.awaitText(t, "LOADING")
	}
	if err := rdb.ConfigSet(t.Context(), "key-load-delay", "0").Err(); err != nil {
		t.Fatal(err)
	}
	for _, p := range waiting {
		if code := p.wait(t); code != 0 {
			t.Errorf("%v: exit code %d:\n%s", p.cmd.Args[1:], code, p.stderr.String())
		}
	}
	if !hasDiagnosis(t, doctor.stdout.String(), "versions") {
		t.Errorf("doctor says nothing of versions:\n%s", doctor.stdout.String())
	}
	<-restarted
}
