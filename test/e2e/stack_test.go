package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"havip/test/redistest"
)

// Keys that cannot be mistaken for anything else in an output.
const (
	accessKey = "AKIDe2e0123456789abcdef"
	secretKey = "SKsecret-e2e-fedcba9876543210"
)

// stack is a Redis, a simulated BCE and an environment that points programs at both.
type stack struct {
	dir   string
	redis *redistest.Server
	sim   *process
	// url is the simulator's.
	url string
	env []string
	// processes are all that were started in this stack, for what they said.
	processes []*process
}

// newStack starts a stack. Its Redis keeps every acknowledged write.
func newStack(t *testing.T, simArgs ...string) *stack {
	t.Helper()
	w := emptyWorld(t)
	w.redis = redistest.Start(t, redistest.AppendOnly(redistest.Always))
	w.env = append(w.env,
		"BCE_ACCESS_KEY_ID="+accessKey, "BCE_SECRET_ACCESS_KEY="+secretKey,
		"HAVIP_REDIS_URL="+w.redis.URL())
	w.startSim(t, simArgs...)
	return w
}

// emptyWorld is one without a Redis and a simulator, for programs that need neither.
func emptyWorld(t *testing.T) *stack {
	t.Helper()
	dir := t.TempDir()
	return &stack{dir: dir, env: bareEnvironment(dir)}
}

// longRequests lets a request take minutes: one that the test holds at the gate, or that a slow machine takes
// long for, is no failure then. It is not for tests in which a worker dies or an outcome is lost, since
// others wait until the request is certainly over.
const longRequests = "HAVIP_REQUEST_TIMEOUT=4m"

// bareEnvironment is what programs need of the system, and nothing of the tester's own.
func bareEnvironment(dir string) []string {
	return []string{
		// A program that looks for data races would wait for a second at each end.
		"GORACE=atexit_sleep_ms=0",
		"PATH=" + binaries + string(os.PathListSeparator) + os.Getenv("PATH"),
		"TZ=UTC", "PAGER=cat", "HOME=" + filepath.Join(dir, "home"), "XDG_STATE_HOME=" + filepath.Join(dir, "state"), "TMPDIR=" + dir,
	}
}

// start starts a program in this stack.
func (w *stack) start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := start(t, command{program: name, args: args, env: w.env, dir: w.dir})
	w.processes = append(w.processes, p)
	return p
}

// worker starts a worker and waits until it serves.
func (w *stack) worker(t *testing.T, args ...string) *process {
	t.Helper()
	p := w.start(t, "worker", append([]string{"--rps", "0"}, args...)...)
	p.awaitText(t, sayReady)
	return p
}

// What programs say at moments that tests wait for. That a moment has come is all that it is read for.
const (
	sayReady      = `"message":"ready"`
	sayStopping   = `"message":"stopping`
	sayFoundDead  = `"message":"declared dead: this process`
	sayRedisAway  = "; retrying"
	sayRunStops   = "stopping: "
	sayIncomplete = "is incomplete: "
	question      = "[y/N] "
)

// enqueue runs enqueue to its end, which is to be a success.
func (w *stack) enqueue(t *testing.T, args ...string) *process {
	t.Helper()
	p := w.start(t, "enqueue", args...)
	if code := p.wait(t); code != 0 {
		t.Fatalf("enqueue %v: exit code %d\nstderr: %s", args, code, tail(p.stderr.String()))
	}
	return p
}

// said is everything that the programs of this stack have printed.
func (w *stack) said() string {
	var b strings.Builder
	for _, p := range w.processes {
		b.WriteString(p.stdout.String())
		b.WriteString(p.stderr.String())
	}
	return b.String()
}

// eventually waits until check holds.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !check() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// elapsed waits for a moment that is chosen at random, for something to be killed at; it is no
// wait for anything to happen.
func elapsed(d time.Duration, or <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-or:
	}
}

// without returns the environment less some variables.
func without(env []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(names, name)
	})
}
