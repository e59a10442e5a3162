package e2e

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// proposals matches the commands in messages, with their operands.
var proposals = regexp.MustCompile("`(enqueue [a-z]+ [^`]+)`")

// TestNamesThatBeginWithADash uses such names for a file, a plan, a batch and its items, and then runs every
// command that a message has proposed in a shell, as it was printed.
func TestNamesThatBeginWithADash(t *testing.T) {
	t.Parallel()
	w := newStack(t, "--faults", "create:answer=x2:400/NoSuchObject")
	w.writeText(t, "-b.csv", "key,name,subnetId\n-k1,vip-1,sbn-a\n-k 2,vip-2,sbn-a\n")
	w.worker(t)
	proposed := map[string]bool{}
	for _, step := range []struct {
		args []string
		code int
	}{
		{[]string{"plan", "--", "-b.csv"}, 0},
		{[]string{"plan", "--out", "-p", "--", "-b.csv"}, 0},
		{[]string{"apply", "--yes", "--", "-b.csv"}, 0},
		{[]string{"watch", "--exit-status", "--", "-b"}, 1},
		{[]string{"apply", "--", "-p"}, 3}, // the plan is stale
		{[]string{"apply", "--yes", "--", "-b.csv"}, 0},
		{[]string{"results", "--state", "review", "--", "-b"}, 0},
		{[]string{"create", "--name", "vip-1", "--subnet", "sbn-a", "--batch", "-b", "--key", "-k1", "--wait"}, 1},
		{[]string{"create", "--name", "vip-2", "--subnet", "sbn-a", "--batch", "-b", "--key", "-k 2", "--wait"}, 1},
		{[]string{"pause", "--batch", "-b"}, 0}, // so that the next items stay open
		{[]string{"retry", "--yes", "--", "-b"}, 0},
		{[]string{"status", "--", "-b"}, 0},
		{[]string{"resume", "--batch", "-b"}, 0},
		{[]string{"rollback", "--yes", "--", "-b"}, 0},
	} {
		p := w.start(t, "enqueue", step.args...)
		if code := p.wait(t); code != step.code {
			t.Fatalf("enqueue %q: exit code %d, want %d: %s", step.args, code, step.code, p.stderr)
		}
		for _, found := range proposals.FindAllStringSubmatch(p.stdout.String()+p.stderr.String(), -1) {
			proposed[found[1]] = true
		}
	}
	all := slices.Sorted(maps.Keys(proposed))
	for _, want := range []string{"apply", "watch", "retry", "results", "plan", "resume"} {
		if !slices.ContainsFunc(all, func(text string) bool { return strings.HasPrefix(text, "enqueue "+want+" ") }) {
			t.Errorf("no message proposes %s: %q", want, all)
		}
	}
	for _, text := range all {
		w.runProposal(t, text)
	}
}

// runProposal runs a command as a shell does, and wants it to be one that the program understands.
func (w *stack) runProposal(t *testing.T, text string) {
	t.Helper()
	p := start(t, command{program: "/bin/sh", args: []string{"-c", text}, env: slices.Concat(w.env, []string{"HAVIP_YES=true"}), dir: w.dir})
	if code := p.wait(t); code == 2 || code > 125 {
		t.Errorf("%s: exit code %d: %s", text, code, p.stderr)
	}
}
