package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"havip/ledger"
)

// TestNotify tells a receiver that fails in several ways before it takes the notification: each attempt is of one
// ID and signed anew. A second completion is told apart from the first.
func TestNotify(t *testing.T) {
	t.Parallel()
	const batch = "told"
	w := newStack(t)
	elsewhere := newReceiver(t)
	// TestTroubledReceivers has one that never answers.
	r := newReceiver(t, slowly(status(http.StatusServiceUnavailable)), garbage, func(rw http.ResponseWriter, request *http.Request) {
		http.Redirect(rw, request, elsewhere.url, http.StatusPermanentRedirect)
	})
	w.notifier(t, r)
	rows := rowsOf(12)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows[:10]), "--on-complete", r.url+"/hook?token=in-the-query")
	w.awaitNotified(t, batch, 1)
	first := r.received()
	if len(first) != 4 {
		t.Fatalf("%d attempts, want 4", len(first))
	}
	for i, n := range first {
		if n.ID != first[0].ID || n.ID != n.Message.ID {
			t.Errorf("attempt %d has the ID %s, the first had %s", i+1, n.ID, first[0].ID)
		}
	}
	if first[3].Timestamp == first[0].Timestamp {
		t.Error("the last attempt was not signed anew")
	}
	if d := first[0].Message.Data; d.Batch != batch || d.Completion != 1 || d.Total != 10 || d.Failed != 0 || d.Counts["created"] != 10 {
		t.Errorf("%+v", d)
	}
	if got := elsewhere.received(); len(got) > 0 {
		t.Errorf("a redirect was followed: %+v", got)
	}

	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	w.awaitNotified(t, batch, 2)
	second := r.received()[4]
	if second.ID == first[0].ID || second.Message.Data.Completion != 2 || second.Message.Data.Total != 12 {
		t.Errorf("the second completion: %+v", second)
	}
	w.requireExactlyOnce(t, batch, rows)
	w.requireNoWebhookSecret(t)
}

// requireNoWebhookSecret: the secret is nowhere, and a URL's query in Redis alone.
func (w *stack) requireNoWebhookSecret(t *testing.T) {
	t.Helper()
	w.enqueue(t, "status", "told", "-o", "json")
	stored := dump(t, w.redis.Client(t))
	if !strings.Contains(stored, "in-the-query") || !strings.Contains(w.said(), "/hook") {
		t.Fatal("the dump or the output lacks what it must have: the search would find nothing anyway")
	}
	for _, secret := range []string{string(webhookKey), base64.StdEncoding.EncodeToString(webhookKey), "v1,"} {
		if strings.Contains(stored, secret) || strings.Contains(w.said(), secret) {
			t.Errorf("%q was written somewhere", secret)
		}
	}
	if strings.Contains(w.said(), "in-the-query") {
		t.Error("the URL's query was written")
	}
}

// awaitNotified waits until so many completions of the batch were told, by its events.
func (w *stack) awaitNotified(t *testing.T, batch string, n int) {
	t.Helper()
	p := w.start(t, "enqueue", "events", batch, "--follow", "-o", "ndjson")
	eventually(t, "it is notified", func() bool { return eventsOf(t, p, "notified") >= n })
	p.kill()
}

// eventsOf counts the events of a kind among those that a process has listed as NDJSON.
func eventsOf(t *testing.T, p *process, kind string) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(p.stdout.String()) {
		var event struct {
			Event string `json:"event"`
		}
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("event %q: %v", line, err)
		}
		if event.Event == kind {
			n++
		}
	}
	return n
}

// TestNotifyWorkerKilled kills the worker while it delivers: another delivers under the same ID.
func TestNotifyWorkerKilled(t *testing.T) {
	t.Parallel()
	const batch = "killed"
	w := newStack(t)
	r := newReceiver(t, stall)
	w.worker(t) // looks after the fleet, when the other is dead
	notifier := w.notifier(t, r)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(5)), "--on-complete", r.url)
	r.await(t, 1)
	notifier.kill()
	w.notifier(t, r)
	w.awaitNotified(t, batch, 1)
	got := r.received()
	for _, n := range got {
		if n.ID != got[0].ID {
			t.Errorf("told as %s, and again as %s", got[0].ID, n.ID)
		}
	}
	if len(got) < 2 {
		t.Errorf("told %d times, where the first time was cut off", len(got))
	}
}

// TestNotifyNobodyThere completes a batch under a worker that delivers nothing, and kills it, and flushes
// all but the ledger: its notification is still pending, and the next notifier delivers it.
func TestNotifyNobodyThere(t *testing.T) {
	t.Parallel()
	const batch = "nobody"
	w := newStack(t)
	r := newReceiver(t)
	worker := w.worker(t)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(5)), "--on-complete", r.url, "--wait")
	eventually(t, "the worker warns that nobody delivers", func() bool {
		return slices.ContainsFunc(logOf(t, worker), func(line logged) bool {
			return line.Component == "reconciler" && line.Level == "warn" && line.Batch == batch
		})
	})
	worker.kill()
	rdb := w.redis.Client(t)
	keys, err := rdb.Keys(t.Context(), "asynq:*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("asynq's keys: %v, %v", keys, err)
	}
	if err := rdb.Del(t.Context(), append(keys, "havip:reconciler")...).Err(); err != nil {
		t.Fatal(err)
	}
	if b := w.standing(t, batch); len(b.PendingNotifications) != 1 {
		t.Fatalf("pending: %+v", b.PendingNotifications)
	}
	w.notifier(t, r)
	w.awaitNotified(t, batch, 1)
	if got := r.received(); len(got) != 1 {
		t.Errorf("told %d times", len(got))
	}
}

// TestNotifyKilledAtCompletion kills the worker on either side of the completion: when BCE has made the last
// HaVIP, and when the ledger has the batch complete. It is told, as one.
func TestNotifyKilledAtCompletion(t *testing.T) {
	t.Parallel()
	const batch, items = "sudden", 10
	for _, side := range []string{"before", "after"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			w := newStack(t, "--faults", fault("create:gate-after", items, items))
			w.env = append(w.env, rescuable)
			r := newReceiver(t)
			w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(items)), "--on-complete", r.url)
			worker := w.notifier(t, r)
			w.awaitGate(t, 1)
			if side == "after" {
				w.openGate(t)
				eventually(t, "the batch is complete", func() bool { return w.standing(t, batch).CompletedAt != 0 })
			}
			worker.kill()
			w.endFaults(t)
			w.notifier(t, r)
			w.awaitNotified(t, batch, 1)
			if counts := w.standing(t, batch).Counts; counts[ledger.Created] != items {
				t.Errorf("told of the batch when it had %v", counts)
			}
			for _, n := range r.received() {
				if d := n.Message.Data; n.ID != r.received()[0].ID || d.Completion != 1 || d.Counts["created"] != items {
					t.Errorf("%+v", n)
				}
			}
		})
	}
}
