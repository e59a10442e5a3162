package redisconn

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// dequeueScript is the relevant part of asynq's dequeue.
var dequeueScript = redis.NewScript(`return redis.call("RPOPLPUSH", KEYS[1], KEYS[3])`)

func takeTask(t *testing.T, client redis.UniversalClient) (string, error) {
	t.Helper()
	return dequeueScript.Run(t.Context(), client, []string{queueKeys + "pending", queueKeys + "paused", queueKeys + "active", queueKeys + "lease"}, 1, "t:").Text()
}

func TestQueueClient_repairsAcks(t *testing.T) {
	t.Parallel()
	assertRepairs(t, NewQueueClient(Coalesce(connect(t, redistest.Start(t).URL())), 0))
	assertRepairs(t, NewQueueClient(redistest.Start(t).Client(t), 0))
}

// Servers do not ask again a queue that was just empty, but one that has tasks at once.
func TestQueueClient_pausesAtAnEmptyQueue(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	patient, eager := NewQueueClient(Coalesce(client), time.Hour), NewQueueClient(Coalesce(client), 0)
	add := func(id string) {
		if err := client.LPush(t.Context(), queueKeys+"pending", id).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add("one")
	add("two")
	for _, want := range []string{"one", "two"} {
		if got, err := takeTask(t, patient); got != want || err != nil {
			t.Errorf("took %q, %v; want %q", got, err, want)
		}
	}
	if got, err := takeTask(t, patient); !errors.Is(err, redis.Nil) {
		t.Errorf("took %q, %v from an empty queue", got, err)
	}
	add("three")
	if got, err := takeTask(t, patient); !errors.Is(err, redis.Nil) {
		t.Errorf("took %q, %v in the pause", got, err)
	}
	if got, err := takeTask(t, eager); got != "three" || err != nil {
		t.Errorf("took %q, %v without a pause", got, err)
	}
}

// Servers that shall take no more tasks take none, unless they have just taken one.
func TestQueueClient_StopTaking(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	q := NewQueueClient(client, 0)
	for _, id := range []string{"one", "two", "three"} {
		if err := client.LPush(t.Context(), queueKeys+"pending", id).Err(); err != nil {
			t.Fatal(err)
		}
	}
	before := q.Taken()
	for _, want := range []string{"one", "two"} {
		if got, err := takeTask(t, q); got != want || err != nil {
			t.Errorf("took %q, %v; want %q", got, err, want)
		}
		if q.StopTaking(before) {
			t.Error("stopped, after a task was taken")
		}
	}
	if before+2 != q.Taken() || !q.StopTaking(q.Taken()) {
		t.Errorf("not stopped, after %d tasks", q.Taken())
	}
	if got, err := takeTask(t, q); !errors.Is(err, redis.Nil) {
		t.Errorf("took %q, %v after the stop", got, err)
	}
	if !q.StopTaking(before) {
		t.Error("no longer stopped")
	}
	if left := client.LLen(t.Context(), queueKeys+"pending").Val(); left != 1 {
		t.Errorf("%d tasks left", left)
	}
}

// Servers do not stop while one of them is asking for a task.
func TestQueueClient_StopTakingWhileAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slow = time.Second
		q, began := NewQueueClient(delivering{after: slow}, 0), time.Now()
		taken := make(chan error, 1)
		go func() {
			_, err := takeTask(t, q)
			taken <- err
		}()
		<-time.After(slow / 2)
		if q.StopTaking(0) {
			t.Error("stopped, although a task was on its way")
		}
		if err := <-taken; err != nil || time.Since(began) != slow {
			t.Errorf("took it after %s: %v", time.Since(began), err)
		}
	})
}

// delivering is a Redis that always has a task, and is slow.
type delivering struct {
	redis.UniversalClient
	after time.Duration
}

func (d delivering) Process(_ context.Context, cmd redis.Cmder) error {
	<-time.After(d.after)
	if cmd, ok := cmd.(sentOnce); ok {
		cmd.Cmder.(*redis.Cmd).SetVal("task")
	}
	return nil
}

// Neither a lost dequeue nor a lost ack is sent again by go-redis: another task would be taken, or the ack be
// executed twice.
func TestQueueClient_sendsOnce(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	coalesced := Coalesce(client)
	sent := &losing{}
	coalesced.AddHook(sent)
	q := NewQueueClient(coalesced, 0)
	if _, err := takeTask(t, q); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the lost dequeue: %v", err)
	}
	err := doneScript.Run(t.Context(), q, []string{queueKeys + "active", queueKeys + "lease", queueKeys + "t:id"}, "id").Err()
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the lost ack: %v", err)
	}
	if len(sent.noRetry) != 2 || !sent.noRetry[0] || !sent.noRetry[1] {
		t.Errorf("sent, each without a retry: %v", sent.noRetry)
	}
}

// A Redis that refuses to give a task is asked again after the pause: asynq would ask at once, for as long as Redis is full.
func TestQueueClient_pausesAfterAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pause = time.Second
		refused := errors.New("OOM command not allowed when used memory > 'maxmemory'")
		q, began := NewQueueClient(refusing{err: refused}, pause), time.Now()
		for range 3 {
			if _, err := takeTask(t, q); !errors.Is(err, refused) {
				t.Errorf("refused with %v", err)
			}
		}
		if took := time.Since(began); took != 3*pause {
			t.Errorf("three answers after %s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		q.EvalSha(ctx, "sha", []string{queueKeys + "pending", queueKeys + "paused", queueKeys + "active", queueKeys + "lease"})
		if took := time.Since(began); took != 3*pause {
			t.Errorf("a canceled dequeue waited: %s in all", took)
		}
	})
}

// refusing is a Redis that refuses every command.
type refusing struct {
	redis.UniversalClient
	err error
}

func (r refusing) Process(context.Context, redis.Cmder) error { return r.err }

// losing is a hook that loses the answer of each script.
type losing struct{ noRetry []bool }

func (l *losing) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook loses the answer of one that is sent alone.
func (l *losing) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error { return l.lose(cmd) }
}

func (l *losing) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) (err error) {
		for _, cmd := range cmds {
			err = l.lose(cmd)
		}
		return err
	}
}

func (l *losing) lose(cmd redis.Cmder) error {
	l.noRetry = append(l.noRetry, cmd.NoRetry())
	cmd.SetErr(io.ErrUnexpectedEOF)
	return io.ErrUnexpectedEOF
}

// Several servers of one queue run each task once, and ask Redis less often than once for each task.
func TestQueueClient_servesWithSeveralServers(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	const tasks = 600
	enqueuer := asynq.NewClientFromRedisClient(client)
	for i := range tasks {
		if _, err := enqueuer.Enqueue(asynq.NewTask("t", nil), asynq.TaskID(strconv.Itoa(i)), asynq.Queue("q")); err != nil {
			t.Fatal(err)
		}
	}
	q := NewQueueClient(Coalesce(client), time.Millisecond)
	var mu sync.Mutex
	runs, all := map[string]int{}, make(chan struct{})
	handler := asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		mu.Lock()
		defer mu.Unlock()
		id := task.ResultWriter().TaskID()
		if runs[id]++; len(runs) == tasks && runs[id] == 1 {
			close(all)
		}
		return nil
	})
	before := reads(t, client)
	var servers []*asynq.Server
	for range 4 {
		server := asynq.NewServerFromRedisClient(q, asynq.Config{Concurrency: 16, Queues: map[string]int{"q": 1}, LogLevel: asynq.FatalLevel})
		if err := server.Start(handler); err != nil {
			t.Fatal(err)
		}
		servers = append(servers, server)
	}
	<-all
	for _, server := range servers {
		server.Shutdown()
	}
	if trips := reads(t, client) - before; trips > tasks {
		t.Errorf("%d tasks took %d reads of Redis", tasks, trips)
	}
	for id, n := range runs {
		if n != 1 {
			t.Errorf("task %s ran %d times", id, n)
		}
	}
	if left := client.Keys(t.Context(), "asynq:{q}:t:*").Val(); len(left) != 0 {
		t.Errorf("tasks without an ack: %s", strings.Join(left, " "))
	}
}

// A task that becomes due runs before the many that were added after it.
func TestQueueClient_dueTasksPassOthers(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	enqueuer := asynq.NewClientFromRedisClient(client)
	for i := range 100 {
		if _, err := enqueuer.Enqueue(asynq.NewTask("t", nil), asynq.TaskID(strconv.Itoa(i)), asynq.Queue("q")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := enqueuer.Enqueue(asynq.NewTask("t", nil), asynq.TaskID("due"), asynq.Queue("q"), asynq.ProcessIn(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := client.ZAdd(t.Context(), "asynq:{q}:scheduled", redis.Z{Score: 1, Member: "due"}).Err(); err != nil {
		t.Fatal(err)
	}
	var crowded atomic.Bool
	crowded.Store(true)
	order := make(chan string, 200)
	q := NewQueueClient(Coalesce(client), 0)
	q.Crowded = crowded.Load
	server := asynq.NewServerFromRedisClient(q, asynq.Config{
		Concurrency: 1, Queues: map[string]int{"q": 1}, LogLevel: asynq.FatalLevel,
		TaskCheckInterval: time.Millisecond, DelayedTaskCheckInterval: time.Millisecond,
	})
	if err := server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		order <- task.ResultWriter().TaskID()
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	for tick := time.Tick(time.Millisecond); client.LIndex(t.Context(), "asynq:{q}:pending", -2).Val() != "due"; {
		<-tick
	}
	if len(order) > 0 {
		t.Error("a task was taken while the lane was crowded")
	}
	crowded.Store(false)
	if first, second := <-order, <-order; first != "0" || second != "due" {
		t.Errorf("ran %s and %s first; want 0 and the one that was due", first, second)
	}
}
