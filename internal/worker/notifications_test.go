package worker

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/internal/notify"
	"havip/internal/queue"
	"havip/ledger"
)

// leavePending lets the batch complete, with a pending notification for the URL.
func (f *workerFixture) leavePending(t *testing.T, url string) ledger.Batch {
	t.Helper()
	f.enqueue(t, "bj", 1)
	if err := f.ledger.SetOnComplete(t.Context(), batch, url); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.ledger.Settle(t.Context(), batch, "bj-000", ledger.Rejected, "No", ""); err != nil {
		t.Fatal(err)
	}
	b, err := f.ledger.Batch(t.Context(), batch)
	if err != nil || len(b.PendingNotifications) != 1 {
		t.Fatalf("pending: %v, %v", b.PendingNotifications, err)
	}
	return b
}

func (f *workerFixture) noticeQueue() *queue.Tasks {
	return queue.TasksOf(queue.Named(f.rdb, notify.Queue))
}

func (f *workerFixture) notifications(t *testing.T) queue.Sizes {
	t.Helper()
	size, err := f.noticeQueue().Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// A pending notification gets one task, and another one if that was lost.
func TestReconcilerEnqueuesNotices(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.leavePending(t, "https://ops.example/")
		r := f.reconcilerAt(0, "w1")
		for range 2 {
			r.mustRound(t)
			if got := f.notifications(t); got != (queue.Sizes{Pending: 1}) {
				t.Fatalf("%+v", got)
			}
		}
		keys, err := f.rdb.Keys(t.Context(), "asynq:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.rdb.Del(t.Context(), keys...).Err(); err != nil {
			t.Fatal(err)
		}
		r.mustRound(t)
		if got := f.notifications(t); got != (queue.Sizes{Pending: 1}) {
			t.Errorf("after a flush: %+v", got)
		}
	})
}

// asynq ended the task on a count of its own.
func TestReconcilerRevivesArchivedNotices(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		b := f.leavePending(t, "https://ops.example/")
		r := f.reconcilerAt(0, "w1")
		r.mustRound(t)
		if err := asynq.NewInspectorFromRedisClient(f.rdb).ArchiveTask(notify.Queue, notify.TaskID(b, 1)); err != nil {
			t.Fatal(err)
		}
		r.mustRound(t)
		if got := f.notifications(t); got != (queue.Sizes{Pending: 1}) {
			t.Errorf("%+v", got)
		}
	})
}

// A task in a dead worker's hands is taken up again in the second round; one whose lease is renewed never.
func TestReconcilerTakesUpNotices(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		b := f.leavePending(t, "https://ops.example/")
		r := f.reconcilerAt(0, "w1")
		r.mustRound(t)
		id, q := notify.TaskID(b, 1), f.noticeQueue()
		lease := time.Now().Add(time.Hour).Unix()
		for _, command := range [][]any{
			{"LREM", q.Key("pending"), 0, id},
			{"LPUSH", q.Key("active"), id},
			{"HSET", q.Key("t:") + id, "state", "active"},
			{"ZADD", q.Key("lease"), lease, id},
		} {
			if err := f.rdb.Do(t.Context(), command...).Err(); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			r.mustRound(t)
		}
		if got := f.notifications(t); got.Active != 1 {
			t.Fatalf("taken out of living hands: %+v", got)
		}
		r.now = func() time.Time { return time.Now().Add(time.Hour) }
		r.mustRound(t)
		if got := f.notifications(t); got.Active != 1 {
			t.Fatalf("taken up without a second look: %+v", got)
		}
		r.mustRound(t)
		if got := f.notifications(t); got != (queue.Sizes{Pending: 1}) {
			t.Errorf("%+v", got)
		}
	})
}

// Without anybody who delivers, the log says, once, what to set.
func TestReconcilerTellsOfUnservedNotices(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.leavePending(t, "https://ops.example/?token=hunter2")
		r := f.reconcilerAt(0, "w1")
		var said strings.Builder
		r.log = zerolog.New(&said)
		for range 3 {
			r.mustRound(t)
		}
		if text := said.String(); strings.Count(text, "HAVIP_WEBHOOK_SECRET and --webhook-host") != 1 || strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	})
}

// A worker sends notifications only with a secret and a host, and delivers them.
func TestWorkerDeliversNotices(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	arrived := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- r.Header.Get("webhook-id") }))
	t.Cleanup(receiver.Close)
	b := f.leavePending(t, receiver.URL)
	hosts, err := notify.ParseHosts([]string{strings.TrimPrefix(receiver.URL, "http://")})
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := notify.ParseSecrets("whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	for _, lacking := range []Webhook{{}, {Hosts: hosts}, {Secrets: secrets}} {
		if lacking.Serves() {
			t.Errorf("%+v serves", lacking)
		}
	}
	f.reconcilerAt(0, "w0").mustRound(t) // which enqueues the notification
	f.startWorker(t, Config{
		Lanes: []LaneConfig{f.lane(t, "bj", 0)}, Name: "w1", Webhook: Webhook{Hosts: hosts, Secrets: secrets},
	})
	if id := <-arrived; id != notify.MessageOf(b, b.PendingNotifications[0]).ID {
		t.Errorf("got %s", id)
	}
}
