package e2e

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// TestNotify tells a receiver that fails in every way before it takes the notice: each attempt is of one
// ID and signed anew. A second completion is told apart from the first.
func TestNotify(t *testing.T) {
	t.Parallel()
	const batch = "told"
	w := newWorld(t)
	elsewhere := newReceiver(t)
	r := newReceiver(t, status(http.StatusServiceUnavailable), garbage, func(rw http.ResponseWriter, request *http.Request) {
		http.Redirect(rw, request, elsewhere.url, http.StatusPermanentRedirect)
	}, stall)
	worker := w.courier(t, r)
	rows := rowsOf(12)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows[:10]), "--on-complete", r.url+"/hook?token=in-the-query")
	first := r.await(t, 5)
	worker.awaitText(t, "batch completion notified")
	for i, n := range first {
		if n.ID != first[0].ID || n.ID != n.Message.ID {
			t.Errorf("attempt %d has the ID %s, the first had %s", i+1, n.ID, first[0].ID)
		}
	}
	if first[4].Timestamp == first[0].Timestamp {
		t.Error("the last attempt was not signed anew")
	}
	if d := first[0].Message.Data; d.Batch != batch || d.Completion != 1 || d.Total != 10 || d.Failed != 0 || d.Counts["created"] != 10 {
		t.Errorf("%+v", d)
	}
	if got := elsewhere.received(); len(got) > 0 {
		t.Errorf("a redirect was followed: %+v", got)
	}

	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	second := r.await(t, 6)[5]
	if second.ID == first[0].ID || second.Message.Data.Completion != 2 || second.Message.Data.Total != 12 {
		t.Errorf("the second completion: %+v", second)
	}
	w.awaitNotified(t, batch, 2)
	w.requireExactlyOnce(t, batch, rows)
	w.requireNoWebhookSecret(t)
}

// requireNoWebhookSecret: the secret is nowhere, and a URL's query in Redis alone.
func (w *world) requireNoWebhookSecret(t *testing.T) {
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
func (w *world) awaitNotified(t *testing.T, batch string, n int) {
	t.Helper()
	eventually(t, "it is notified", func() bool {
		p := w.enqueue(t, "events", batch, "-o", "ndjson")
		return strings.Count(p.stdout.String(), `"event":"notified"`) >= n
	})
}

// TestNotifyWorkerKilled kills the worker while it delivers: another delivers under the same ID.
func TestNotifyWorkerKilled(t *testing.T) {
	t.Parallel()
	const batch = "killed"
	w := newWorld(t)
	r := newReceiver(t, stall)
	worker := w.courier(t, r)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rowsOf(5)), "--on-complete", r.url)
	r.await(t, 1)
	worker.kill()
	w.courier(t, r)
	got := r.await(t, 2)
	if got[0].ID != got[1].ID {
		t.Errorf("told as %s, and again as %s", got[0].ID, got[1].ID)
	}
	w.awaitNotified(t, batch, 1)
}

// TestNotifyNobodyThere completes a batch under a worker that delivers nothing, and kills it, and flushes
// asynq's queues: what is owed stands in the ledger, and the next courier delivers it.
func TestNotifyNobodyThere(t *testing.T) {
	t.Parallel()
	const batch = "nobody"
	w := newWorld(t)
	r := newReceiver(t)
	worker := w.worker(t)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rowsOf(5)), "--on-complete", r.url, "--wait")
	worker.awaitText(t, "no worker delivers any; give one HAVIP_WEBHOOK_SECRET and --webhook-host")
	worker.kill()
	rdb := w.redis.Client(t)
	keys, err := rdb.Keys(t.Context(), "asynq:*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("asynq's keys: %v, %v", keys, err)
	}
	if err := rdb.Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
	w.courier(t, r)
	r.await(t, 1)
	w.awaitNotified(t, batch, 1)
	if got := r.received(); len(got) != 1 {
		t.Errorf("told %d times", len(got))
	}
}

// TestNotifyKilledAtCompletion kills the worker at about the moment of completion, when BCE has made the
// last HaVIP: whichever side of it that was, the completion is told, as one.
func TestNotifyKilledAtCompletion(t *testing.T) {
	t.Parallel()
	const batch, items = "sudden", 40
	w := newWorld(t)
	r := newReceiver(t)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rowsOf(items)), "--on-complete", r.url)
	worker := w.courier(t, r)
	w.awaitCreated(t, batch, items)
	worker.kill()
	w.courier(t, r)
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	w.awaitNotified(t, batch, 1)
	for _, n := range r.received() {
		if d := n.Message.Data; n.ID != r.received()[0].ID || d.Completion != 1 || d.Counts["created"] != items {
			t.Errorf("%+v", n)
		}
	}
}
