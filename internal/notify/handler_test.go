package notify

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/tasks"
)

// desk is a handler, a ledger with a pending notification, and a receiver.
type desk struct {
	*Handler
	ledger *ledger.Ledger
	url    string
	status atomic.Int64
	calls  atomic.Int64
	log    *strings.Builder
	now    time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ReadTimeout: patience, WriteTimeout: patience})
	t.Cleanup(func() { _ = rdb.Close() })
	d := &desk{log: &strings.Builder{}, now: noon}
	clock := func() time.Time { return d.now }
	d.ledger = ledger.New(rdb, ledger.WithClock(clock))
	d.status.Store(http.StatusOK)
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		d.calls.Add(1)
		w.WriteHeader(int(d.status.Load()))
	})
	d.url = server.URL + "/hook?token=hunter2"
	d.Handler = d.handlerTo(t, server)
	d.complete(t)
	return d
}

func (d *desk) handlerTo(t *testing.T, server *httptest.Server) *Handler {
	t.Helper()
	sender := senderTo(t, server)
	sender.now = func() time.Time { return d.now }
	return NewHandler(d.ledger, sender, zerolog.New(d.log))
}

// complete creates batch b, of one finished item.
func (d *desk) complete(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	_, err := d.ledger.Register(ctx, "b", ledger.Source{}, []ledger.Spec{{Key: "a", Fingerprint: "f", ClientToken: "t", Body: "{}"}})
	_, _, settled := d.ledger.Settle(ctx, "b", "a", ledger.Rejected, "No", "")
	if err := errors.Join(err, settled, d.ledger.SetOnComplete(ctx, "b", d.url), d.ledger.Commit(ctx, "b")); err != nil {
		t.Fatal(err)
	}
}

// run runs the notification task, and returns when it is to be retried.
func (d *desk) run(t *testing.T) (again bool, after time.Duration) {
	t.Helper()
	task, _, err := TaskOf(ledger.Batch{Name: "b"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = d.ProcessTask(t.Context(), task)
	var postpone *tasks.Postpone
	if err != nil && !errors.As(err, &postpone) {
		t.Fatal(err)
	}
	if err != nil {
		return true, postpone.After
	}
	return false, 0
}

func (d *desk) batch(t *testing.T) ledger.Batch {
	t.Helper()
	b, err := d.ledger.Batch(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHandlerDelivers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.status.Store(http.StatusBadGateway)
	if again, _ := d.run(t); !again {
		t.Fatal("a failure ended it")
	}
	d.status.Store(http.StatusOK)
	for range 2 { // the second is a duplicate task
		if again, _ := d.run(t); again {
			t.Error("it goes on after it was delivered")
		}
	}
	if n := d.calls.Load(); n != 2 || len(d.batch(t).PendingNotifications) != 0 {
		t.Errorf("%d calls, pending: %v", n, d.batch(t).PendingNotifications)
	}
	if text := d.log.String(); !strings.Contains(text, "502 Bad Gateway") || !strings.Contains(text, `/hook"`) || strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}

// An unreachable receiver is retried for three days after the first attempt.
func TestHandlerGivesUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.status.Store(http.StatusInternalServerError)
	d.now = d.now.Add(30 * 24 * time.Hour) // no worker sent it for a month
	for range 20 {
		if again, after := d.run(t); !again || after > maxDelay {
			t.Fatalf("again: %t after %s", again, after)
		}
	}
	d.now = d.now.Add(retryFor - time.Minute)
	if again, _ := d.run(t); !again {
		t.Fatal("given up too soon")
	}
	d.now = d.now.Add(2 * time.Minute)
	if again, _ := d.run(t); again {
		t.Fatal("not given up")
	}
	if b := d.batch(t); len(b.PendingNotifications) != 0 || b.FailedNotification == nil || b.FailedNotification.Attempts != 22 || b.FailedNotification.Why != "500 Internal Server Error" {
		t.Errorf("%+v, %+v", b.PendingNotifications, b.FailedNotification)
	}
}

func TestHandlerGivesUpWhatIsGone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.status.Store(http.StatusGone)
	if again, _ := d.run(t); again || d.batch(t).FailedNotification == nil {
		t.Errorf("again: %t, %+v", again, d.batch(t))
	}
}

// A notification that this worker may not send waits for another worker without a time limit.
func TestHandlerDefersForAnotherWorker(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) {})
	d.Handler = d.handlerTo(t, elsewhere)
	for range 2 {
		if again, after := d.run(t); !again || after <= 0 {
			t.Fatalf("again: %t after %s", again, after)
		}
		d.now = d.now.Add(2 * retryFor)
	}
	if b := d.batch(t); len(b.PendingNotifications) != 1 || b.PendingNotifications[0].Attempts != 0 || !strings.Contains(b.PendingNotifications[0].Why, "--webhook-host") {
		t.Errorf("%+v", b.PendingNotifications)
	}
}

// forgetful is a ledger that cannot be written.
type forgetful struct{ Records }

func (forgetful) RecordNotification(context.Context, ledger.Batch, ledger.Notification, ledger.NotificationOutcome, string) (ledger.NotificationRecorded, error) {
	return "", errors.New("READONLY")
}

// A delivery that was not recorded is repeated with the same ID.
func TestHandlerDeliversAgainWhatWasNotRecorded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.records = forgetful{d.ledger}
	if again, _ := d.run(t); !again {
		t.Fatal("what was not recorded ended")
	}
	d.records = d.ledger
	if again, _ := d.run(t); again || d.calls.Load() != 2 || len(d.batch(t).PendingNotifications) != 0 {
		t.Errorf("again: %t, %d calls", again, d.calls.Load())
	}
}

func TestHandlerArchivesInvalidTasks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, task := range []*asynq.Task{
		asynq.NewTask("other", nil), asynq.NewTask(TypeNotify, []byte("x")), asynq.NewTask(TypeNotify, []byte(`{"v":2,"batch":"b","completion":1}`)),
		asynq.NewTask(TypeNotify, []byte(`{"v":1,"batch":"","completion":1}`)), asynq.NewTask(TypeNotify, []byte(`{"v":1,"batch":"b"}`)),
	} {
		if err := d.ProcessTask(t.Context(), task); !errors.Is(err, asynq.SkipRetry) {
			t.Errorf("%s %s: %v", task.Type(), task.Payload(), err)
		}
	}
	gone := asynq.NewTask(TypeNotify, []byte(`{"v":1,"batch":"nope","completion":1}`))
	if err := d.ProcessTask(t.Context(), gone); err != nil || d.calls.Load() != 0 {
		t.Errorf("of no batch: %v", err)
	}
}

// Another URL has its own task and does not wait for the first one's.
func TestTaskIDs(t *testing.T) {
	t.Parallel()
	a, b := ledger.Batch{Name: "x/{y}", OnComplete: "https://a/"}, ledger.Batch{Name: "x/{y}", OnComplete: "https://b/"}
	if TaskID(a, 1) == TaskID(b, 1) || TaskID(a, 1) == TaskID(a, 2) {
		t.Error("tasks of different notifications share an ID")
	}
	if id := TaskID(a, 1); strings.ContainsAny(id, "{}") {
		t.Errorf("%s chooses a slot of a cluster", id)
	}
}
