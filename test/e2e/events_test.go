package e2e

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
)

// TestEventsFollow follows a batch from before its first item is created until it is interrupted.
func TestEventsFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enqueue(t, "apply", exampleFile(t))
	lines := w.start(t, "enqueue", "events", "havips", "--follow", "-o", "ndjson")
	table := w.start(t, "enqueue", "events", "havips", "-f")
	for _, p := range []*process{lines, table} {
		eventually(t, "what was before", func() bool { return strings.Contains(p.stdout.String(), "committed") })
	}
	w.enqueue(t, "cancel", "havips", "--where", "key=cache", "--yes")
	w.worker(t)
	for _, p := range []*process{lines, table} {
		eventually(t, "what comes after", func() bool { return strings.Contains(p.stdout.String(), "completed") })
		p.signal(syscall.SIGINT)
		if code := p.wait(t, patience); code != 130 || p.stderr.String() != "" {
			t.Errorf("exit code %d: %s", code, p.stderr)
		}
	}
	seen := map[string]int{}
	for line := range strings.Lines(lines.stdout.String()) {
		var event struct {
			Event string `json:"event"`
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		seen[event.Event]++
	}
	for event, want := range map[string]int{"registered": 1, "committed": 1, "cancel": 1, "canceled": 1, "cancel-done": 1, "created": 8, "completed": 1} {
		if seen[event] != want {
			t.Errorf("%s: seen %d times, want %d", event, seen[event], want)
		}
	}
	if !strings.Contains(table.stdout.String(), "db-primary") {
		t.Error("a key is cut to the width of the first events")
	}
}

// TestEventsFollowWaitsForRedis: a Redis that dies and comes back ends no follower, and nothing that
// happens after is missed.
func TestEventsFollowWaitsForRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enqueue(t, "apply", exampleFile(t))
	p := w.start(t, "enqueue", "events", "havips", "--follow", "-o", "ndjson")
	eventually(t, "what was before", func() bool { return strings.Contains(p.stdout.String(), "committed") })
	w.redis.Kill()
	p.awaitText(t, "redis does not answer; still looking (")
	w.redis.Restart(t)
	w.enqueue(t, "cancel", "havips", "--where", "key=cache", "--yes")
	eventually(t, "what comes after", func() bool { return strings.Contains(p.stdout.String(), "cancel-done") })
	p.signal(syscall.SIGINT)
	if code := p.wait(t, patience); code != 130 {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
	if n := strings.Count(p.stdout.String(), `"committed"`); n != 1 {
		t.Errorf("an event is told %d times", n)
	}
}
