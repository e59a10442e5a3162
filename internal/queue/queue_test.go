package queue_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/tasks"
	"havip/test/redistest"
)

var bj = tasks.Lane{Account: "default", Region: "bj"}

// open returns an empty queue over a Redis of its own.
func open(t *testing.T) (*queue.Tasks, redis.UniversalClient) {
	t.Helper()
	rdb, err := redisconn.Open(t.Context(), redistest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return queue.TasksOf(queue.Of(rdb, bj).Normal), rdb
}

// put enqueues tasks with these IDs.
func put(t *testing.T, rdb redis.UniversalClient, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, err := asynq.NewClientFromRedisClient(rdb).EnqueueContext(t.Context(), asynq.NewTask("x", nil), asynq.TaskID(id), asynq.Queue(bj.Queue())); err != nil {
			t.Fatal(err)
		}
	}
}

// do runs plain commands: what a hand or an accident does.
func do(t *testing.T, rdb redis.UniversalClient, commands ...[]any) {
	t.Helper()
	for _, command := range commands {
		if err := rdb.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// Between check and repair, a worker may have taken the task.
func TestRequeueLooksAgain(t *testing.T) {
	t.Parallel()
	q, rdb := open(t)
	put(t, rdb, "renewed", "done", "queued", "elsewhere")
	do(t, rdb,
		[]any{"LPUSH", q.Key("active"), "done"}, []any{"HSET", q.Key("t:elsewhere"), "state", "active"},
		[]any{"LREM", q.Key("pending"), 0, "renewed"}, []any{"LPUSH", q.Key("active"), "renewed"},
		[]any{"HSET", q.Key("t:renewed"), "state", "active"}, []any{"ZADD", q.Key("lease"), time.Now().Add(time.Minute).Unix(), "renewed"},
		[]any{"DEL", q.Key("t:done")})
	moved, err := q.Requeue(t.Context(), []string{"renewed", "done", "queued", "elsewhere"}, time.Now())
	if err != nil || moved != 0 {
		t.Errorf("moved %d, %v", moved, err)
	}
	if size, err := q.Sizes(t.Context()); err != nil || size.Pending != 3 {
		t.Errorf("%+v, %v", size, err)
	}
}

// The queues of strangers are none of ours.
func TestLanes(t *testing.T) {
	t.Parallel()
	_, rdb := open(t)
	do(t, rdb, []any{"SADD", "asynq:queues", "default", "havip.a", "other.a.b", "havip.a.b.c", "havip..bj"})
	if err := queue.Publish(t.Context(), rdb, []tasks.Lane{bj, {Account: "a", Region: "b"}}); err != nil {
		t.Fatal(err)
	}
	lanes, err := queue.Lanes(t.Context(), rdb)
	slices.SortFunc(lanes, func(a, b tasks.Lane) int { return len(b.String()) - len(a.String()) })
	if want := []tasks.Lane{bj, {Account: "a", Region: "b"}}; err != nil || !slices.Equal(lanes, want) {
		t.Errorf("got %v, %v", lanes, err)
	}
}

// Run makes a task in any waiting state run; it does nothing for an active or missing task.
func TestRun(t *testing.T) {
	t.Parallel()
	q, rdb := open(t)
	put(t, rdb, "pending", "archived")
	if err := asynq.NewInspectorFromRedisClient(rdb).ArchiveTask(bj.Queue(), "archived"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"pending", "archived", "gone"} {
		if err := q.Run(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if size, err := q.Sizes(t.Context()); err != nil || size != (queue.Sizes{Pending: 2}) {
		t.Errorf("%+v, %v", size, err)
	}
}
