package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run runs an example to its end, and returns what it printed.
func (w *stack) run(t *testing.T, wantCode int, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	p := w.start(t, name, args...)
	if code := p.wait(t); code != wantCode {
		t.Fatalf("%s %v: exit code %d, want %d\n%s", name, args, code, wantCode, p.stderr)
	}
	return p.stdout.String(), p.stderr.String()
}

// The example is killed while it waits, and run again, and again when all is done.
func TestExampleProvision(t *testing.T) {
	t.Parallel()
	w := newStack(t, "--faults", "create:commit-500=#2")
	first := w.start(t, "provision")
	w.awaitCommitted(t, "tenants")
	first.kill()
	w.worker(t)
	said, _ := w.run(t, 0, "provision")
	golden(t, "TestExampleProvision", said)
	if again, _ := w.run(t, 0, "provision"); again != said {
		t.Errorf("first it printed:\n%s\nthen:\n%s", said, again)
	}
	if n := len(w.truth(t)); n != 3 {
		t.Errorf("%d HaVIPs exist, want 3", n)
	}
}

// The example in Go, killed while it waits, and the command that its comment names are one and the same.
func TestExampleOneFromScript(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	first := w.start(t, "onefromscript", "web-vip", "sbn-a")
	w.awaitCommitted(t, "automation")
	first.kill()
	w.worker(t)
	said, _ := w.run(t, 0, "onefromscript", "web-vip", "sbn-a")
	for range 2 {
		var r result
		p := w.enqueue(t, "create", "--batch", "automation", "--name", "web-vip", "--subnet", "sbn-a", "--wait", "-o", "ndjson")
		if err := json.Unmarshal([]byte(p.stdout.String()), &r); err != nil {
			t.Fatal(err)
		}
		if r.HaVIPID == "" || r.HaVIPID+"\n" != said {
			t.Errorf("the example printed %q, and `enqueue create` %q", said, r.HaVIPID)
		}
	}
	if n := len(w.truth(t)); n != 1 {
		t.Errorf("%d HaVIPs exist, want 1", n)
	}
	_, conflict := w.run(t, 1, "onefromscript", "web-vip", "sbn-b")
	w.faults(t, "create:answer=x1:400/PrivateIpInUseException")
	_, refusal := w.run(t, 1, "onefromscript", "taken", "sbn-a")
	const date = len("2006/01/02 15:04:05 ")
	golden(t, "TestExampleOneFromScript", conflict[date:]+refusal[date:])
}

// The example is killed half-way, and goes on with the event after the last that it had dealt with.
func TestExampleFollow(t *testing.T) {
	t.Parallel()
	w := newStack(t, "--faults", "create:gate-before=#60") // so that there is more to come when it is killed
	w.env = append(w.env, longRequests)
	w.enqueue(t, "apply", w.write(t, "followed.csv", rowsOf(100)), "--yes")
	last := filepath.Join(w.dir, "last")
	first := w.start(t, "follow", "followed", last)
	w.worker(t)
	eventually(t, "some events are followed", func() bool { return strings.Count(first.stdout.String(), "\n") > 20 })
	first.kill()
	w.awaitGate(t, 1)
	w.openGate(t)
	seen := first.stdout.String()
	said, _ := w.run(t, 0, "follow", "followed", last)
	heads, tails := lines(seen), lines(said)
	if tails[0] == heads[len(heads)-1] {
		tails = tails[1:] // it was killed between dealing with it and noting it
	}
	var want []string
	for _, event := range lines(w.enqueue(t, "events", "followed", "-o", "ndjson").stdout.String()) {
		var e struct{ Event, Key string }
		if err := json.Unmarshal([]byte(event), &e); err != nil {
			t.Fatal(err)
		}
		want = append(want, e.Event+" "+e.Key)
	}
	if diff := cmp.Diff(want, kindAndKey(append(heads, tails...))); diff != "" {
		t.Errorf("followed (-want +got):\n%s", diff)
	}
}

func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// kindAndKey reads the example's lines: time, kind, "key", "detail".
func kindAndKey(lines []string) []string {
	short := make([]string, len(lines))
	for i, line := range lines {
		fields := strings.Fields(line)
		short[i] = fields[1] + " " + strings.Trim(fields[2], `"`)
	}
	return short
}
