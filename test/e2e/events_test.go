package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestEventsFollow follows a batch from before its first item is created until it is interrupted.
func TestEventsFollow(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.env = append(w.env, longRequests)
	w.enqueue(t, "apply", "--yes", exampleFile(t))
	lines := w.start(t, "enqueue", "events", "havips", "--follow", "-o", "ndjson")
	table := w.start(t, "enqueue", "events", "havips", "-f")
	awaitEvent(t, lines, "committed")
	awaitEvent(t, table, "committed")
	w.enqueue(t, "cancel", "havips", "--where", "key=cache", "--yes")
	w.worker(t)
	for _, p := range []*process{lines, table} {
		awaitEvent(t, p, "completed")
		p.signal(syscall.SIGINT)
		if code := p.wait(t); code != 130 || p.stderr.String() != "" {
			t.Errorf("exit code %d: %s", code, p.stderr)
		}
	}
	want := map[string]int{"registered": 1, "committed": 1, "cancel": 1, "canceled": 1, "cancel-done": 1, "created": 8, "completed": 1}
	seen := eventsIn(t, lines)
	delete(seen, "address") // some may come after the batch is complete
	if !maps.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
	if !strings.Contains(table.stdout.String(), "db-primary") {
		t.Error("a key is cut to the width of the first events")
	}
}

// TestEventsFollowWaitsForRedis: a Redis that dies and comes back ends no follower, and nothing that
// happens after is missed.
func TestEventsFollowWaitsForRedis(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.enqueue(t, "apply", "--yes", exampleFile(t))
	p := w.start(t, "enqueue", "events", "havips", "--follow", "-o", "ndjson")
	awaitEvent(t, p, "committed")
	w.redis.Kill()
	p.awaitText(t, sayRedisAway)
	w.redis.Restart(t)
	w.enqueue(t, "cancel", "havips", "--where", "key=cache", "--yes")
	awaitEvent(t, p, "cancel-done")
	p.signal(syscall.SIGINT)
	if code := p.wait(t); code != 130 {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
	want := map[string]int{"registered": 1, "committed": 1, "cancel": 1, "canceled": 1, "cancel-done": 1}
	if seen := eventsIn(t, p); !maps.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

func awaitEvent(t *testing.T, p *process, event string) {
	t.Helper()
	eventually(t, event+" is shown", func() bool {
		return p.ended() || eventsIn(t, p)[event] > 0
	})
}

// eventsIn counts what a follower has shown by kind: the field of a line of JSON, or a table's second column, after the date and the time.
func eventsIn(t *testing.T, p *process) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for line := range strings.Lines(p.stdout.String()) {
		if !strings.HasSuffix(line, "\n") {
			continue // the rest is on its way
		}
		var event struct{ Event string }
		if !strings.HasPrefix(line, "{") {
			event.Event = slices.Concat(strings.Fields(line), []string{"", "", ""})[2]
		} else if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		seen[event.Event]++
	}
	return seen
}
