package worker

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
	"havip/test/bubbletest"
	"havip/test/redistest"
)

// asleep reports whether the servers of the worker's first lane sleep.
func asleep(w *Worker) bool {
	_, awake := w.tasks.all()[0].awake()
	return !awake
}

// awaitAsleep waits until the servers sleep, or are awake.
func awaitAsleep(w *Worker, want bool) {
	for asleep(w) != want {
		<-time.After(10 * time.Millisecond)
	}
}

// awaitItem waits until the item is created and returns for how long it was registered before.
func (f *workerFixture) awaitItem(t *testing.T, key string) time.Duration {
	t.Helper()
	for {
		item, err := f.ledger.Item(t.Context(), batch, key)
		if err != nil {
			t.Fatal(err)
		}
		if item.Record.State == ledger.Created {
			return item.Record.UpdatedAt.Time().Sub(item.Record.RegisteredAt.Time())
		}
		<-time.After(5 * time.Millisecond)
	}
}

// sleeping runs a test with a worker whose lane sleeps, and which checks as often as it does outside of tests.
func sleeping(t *testing.T, test func(t *testing.T, f *workerFixture, w *Worker)) {
	t.Helper()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.taskCheck = 0
		w := f.start(t, "w1", f.lane(t, "bj", 0))
		f.produce(t, "first")
		f.awaitItem(t, "first")
		awaitAsleep(w, true)
		test(t, f, w)
	})
}

// produce enqueues one item.
func (f *workerFixture) produce(t *testing.T, key string, options ...asynq.Option) {
	t.Helper()
	item := tasks.Item{Key: key, Request: tasks.Request{Name: key, SubnetID: "sbn-1"}}.WithDefaults("bj")
	into := delaying{asynq.NewClientFromRedisClient(f.rdb), options}
	if _, err := tasks.NewProducer(f.ledger, into, f.rdb).Enqueue(t.Context(), batch, item); err != nil {
		t.Fatal(err)
	}
}

// delaying enqueues with more options.
type delaying struct {
	tasks.Queue
	options []asynq.Option
}

func (d delaying) EnqueueContext(ctx context.Context, task *asynq.Task, options ...asynq.Option) (*asynq.TaskInfo, error) {
	return d.Queue.EnqueueContext(ctx, task, append(options, d.options...)...)
}

// A sleeping lane costs Redis as good as nothing, and a new task does not wait longer for it than for another.
func TestSleepingLane(t *testing.T) {
	t.Parallel()
	sleeping(t, func(t *testing.T, f *workerFixture, w *Worker) {
		const minute = 60
		before := f.redis.Commands()
		<-time.After(minute * time.Second)
		// With what scripts run inside.
		if perSecond := float64(f.redis.Commands()-before) / minute; perSecond > 60 {
			t.Errorf("%.1f commands a second", perSecond)
		}
		if !asleep(w) {
			t.Error("awake without a task")
		}
		if servers, err := f.rdb.Exists(t.Context(), "asynq:servers").Result(); err != nil || servers != 0 {
			t.Errorf("asynq's servers are registered: %d, %v", servers, err)
		}
		f.produce(t, "a")
		if took := f.awaitItem(t, "a"); took > 2*watchEvery {
			t.Errorf("took %s", took)
		}
		f.await(t)
		f.exactlyOnce(t)
	})
}

// However long after another task one is enqueued, also while the servers go to sleep, it is run soon and once.
func TestTaskAtTheMomentOfSleep(t *testing.T) {
	t.Parallel()
	sleeping(t, func(t *testing.T, f *workerFixture, w *Worker) {
		slept := 0
		for pause := sleepAfter - 100*time.Millisecond; pause < sleepAfter+2*statesEvery+200*time.Millisecond; pause += 70 * time.Millisecond {
			<-time.After(pause)
			if asleep(w) {
				slept++
			}
			key := "after-" + pause.String()
			f.produce(t, key)
			if took := f.awaitItem(t, key); took > 4*watchEvery {
				t.Errorf("%s after another: took %s", pause, took)
			}
		}
		if slept == 0 {
			t.Error("never asleep: nothing is tested")
		}
		f.await(t)
		f.exactlyOnce(t)
	})
}

// Servers that take a task after their queue was seen empty do not sleep, and a task that comes when they shut down is left
// to their successors.
func TestSleepOnlyBetweenTasks(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		rdb := bubbletest.StartRedis(t).Client(t)
		handler, client := &countingHandler{}, asynq.NewClientFromRedisClient(rdb)
		ran := func(n int) {
			for handler.count() < n {
				<-time.After(time.Millisecond)
			}
		}
		put := func() {
			if _, err := client.Enqueue(asynq.NewTask("t", nil), asynq.Queue("q")); err != nil {
				t.Fatal(err)
			}
		}
		s := &queueServers{queues: []string{"q"}, handler: handler, create: func() (*redisconn.QueueClient, []*asynq.Server) {
			q := redisconn.NewQueueClient(rdb, 10*time.Millisecond)
			return q, []*asynq.Server{asynq.NewServerFromRedisClient(q, asynq.Config{
				Queues: map[string]int{"q": 1}, LogLevel: asynq.FatalLevel, TaskCheckInterval: 10 * time.Millisecond,
			})}
		}}
		defer s.stop()
		if err := s.wake(); err != nil {
			t.Fatal(err)
		}
		before, _ := s.awake()
		put()
		ran(1)
		if s.sleep(before) {
			t.Fatal("fell asleep with a task that came after the check")
		}
		put()
		ran(2)
		if taken, _ := s.awake(); !s.sleep(taken) {
			t.Fatal("awake without a task")
		}
		put()
		<-time.After(time.Second)
		if n := handler.count(); n != 2 {
			t.Errorf("%d tasks ran asleep", n)
		}
		if err := s.wake(); err != nil {
			t.Fatal(err)
		}
		ran(3)
	})
}

// countingHandler counts tasks.
type countingHandler struct {
	mu sync.Mutex
	n  int
}

func (h *countingHandler) ProcessTask(context.Context, *asynq.Task) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n++
	return nil
}

func (h *countingHandler) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n
}

// A delayed task keeps no server awake until a second before it is due, and is then run in time.
func TestDelayedTaskOfASleepingLane(t *testing.T) {
	t.Parallel()
	sleeping(t, func(t *testing.T, f *workerFixture, w *Worker) {
		const delay = 5 * time.Minute
		// asynq keeps when a task is due in whole seconds, rounded down.
		<-time.After(time.Until(time.Now().Add(time.Second).Truncate(time.Second)))
		f.produce(t, "later", asynq.ProcessIn(delay))
		<-time.After(delay - 2*delayedCheckInterval)
		if !asleep(w) {
			t.Error("awake before the task is due")
		}
		if took := f.awaitItem(t, "later"); took < delay || took > delay+2*delayedCheckInterval {
			t.Errorf("ran after %s", took)
		}
	})
}

// A queue that asynq's tools paused keeps no server awake, and its tasks are run soon after it is resumed.
func TestPausedQueueSleeps(t *testing.T) {
	t.Parallel()
	sleeping(t, func(t *testing.T, f *workerFixture, w *Worker) {
		inspector := asynq.NewInspectorFromRedisClient(f.rdb)
		if err := inspector.PauseQueue(bjQueue); err != nil {
			t.Fatal(err)
		}
		f.produce(t, "a")
		<-time.After(2 * sleepAfter)
		for range 100 {
			if !asleep(w) {
				t.Fatal("awake for a paused queue")
			}
			<-time.After(watchEvery)
		}
		if err := inspector.UnpauseQueue(bjQueue); err != nil {
			t.Fatal(err)
		}
		resumed := time.Now()
		f.awaitItem(t, "a")
		if took := time.Since(resumed); took > 2*statesEvery {
			t.Errorf("ran %s after it was resumed", took)
		}
	})
}

// The task of a worker that was killed is continued in time by one whose lane sleeps, whether the dead one had claimed the item
// or not.
func TestSleepingLaneContinuesForTheDead(t *testing.T) {
	t.Parallel()
	for name, claimed := range map[string]bool{"claimed": true, "unclaimed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sleeping(t, func(t *testing.T, f *workerFixture, _ *Worker) {
				if err := f.ledger.Enter(t.Context(), "dead", nil); err != nil {
					t.Fatal(err)
				}
				inspector := asynq.NewInspectorFromRedisClient(f.rdb)
				if err := inspector.PauseQueue(bjQueue); err != nil { // the other worker takes it
					t.Fatal(err)
				}
				f.produce(t, "a")
				f.take(t, time.Now().Add(30*time.Second))
				if claimed {
					if _, err := f.ledger.ClaimItem(t.Context(), "dead", ledger.ClaimedItem{Batch: batch, Key: "a"}); err != nil {
						t.Fatal(err)
					}
				}
				if err := inspector.UnpauseQueue(bjQueue); err != nil {
					t.Fatal(err)
				}
				killed := time.Now()
				f.awaitItem(t, "a")
				// docs/RUNBOOK.md and FAILURES.md: about 20 seconds. An unclaimed task also waits until its lease was not renewed.
				if took := time.Since(killed); took > 25*time.Second {
					t.Errorf("continued after %s", took)
				}
				f.await(t)
				f.exactlyOnce(t)
			})
		})
	}
}

// A worker whose lane sleeps continues after a restart of Redis.
func TestRedisRestartsWhileALaneSleeps(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always))
	f := newFixtureOn(t, server, "")
	w := f.start(t, "w1", f.lane(t, "bj", 0))
	f.produce(t, "first")
	f.awaitItem(t, "first")
	awaitAsleep(w, true)
	server.Kill()
	server.Restart(t)
	if !asleep(w) {
		t.Error("woken by an outage")
	}
	f.produce(t, "a")
	f.awaitItem(t, "a")
	f.await(t)
	f.exactlyOnce(t)
}

// A worker that is stopped while its servers are woken leaves none behind, and wakes none afterwards.
func TestStopWhileServersWake(t *testing.T) {
	t.Parallel()
	for range 8 {
		inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
			w := f.start(t, "w1", f.lane(t, "bj", 0))
			f.produce(t, "a")
			served := w.tasks.all()[0]
			var racing sync.WaitGroup
			for range 3 {
				racing.Go(func() { _ = served.wake() })
			}
			racing.Go(w.Stop)
			racing.Wait()
			if err := served.wake(); err != nil {
				t.Fatal(err)
			}
			if !asleep(w) {
				t.Error("awake after it was stopped")
			}
			if b, err := f.ledger.Batch(t.Context(), batch); err != nil || b.Counts[ledger.Sending] != 0 {
				t.Errorf("in flight: %v, %v", b.Counts, err)
			}
			f.start(t, "w2", f.lane(t, "bj", 0))
			f.awaitItem(t, "a")
			f.await(t)
			f.exactlyOnce(t)
		})
	}
}

// In a cluster, each queue is read by a command of its own, and the interval grows with their number.
func TestWatcherOnACluster(t *testing.T) {
	t.Parallel()
	cluster, err := redisconn.Open(t.Context(), redistest.StartCluster(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Close() })
	w := newTaskWatcher(Config{Redis: cluster}.withDefaults())
	handler := &countingHandler{}
	for _, name := range []string{"q1", "q2", "q3", "q4"} {
		w.add(&queueServers{queues: []string{name}, handler: handler, create: func() (*redisconn.QueueClient, []*asynq.Server) {
			q := redisconn.NewQueueClient(cluster, time.Second)
			return q, []*asynq.Server{asynq.NewServerFromRedisClient(q, asynq.Config{Queues: map[string]int{name: 1}, LogLevel: asynq.FatalLevel})}
		}})
	}
	t.Cleanup(w.stop)
	if again, err := w.check(t.Context()); err != nil || again != 4*watchEveryQueue {
		t.Fatalf("again after %s, %v", again, err)
	}
	if _, err := asynq.NewClientFromRedisClient(cluster).Enqueue(asynq.NewTask("t", nil), asynq.Queue("q3")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, s := range w.all() {
		if _, awake := s.awake(); awake != (i == 2) {
			t.Errorf("%s awake: %t", s.queues[0], awake)
		}
	}
	for handler.count() == 0 {
		<-time.After(time.Millisecond)
	}
	if states, err := queue.States(t.Context(), cluster, []string{"q1", "q3"}, time.Now()); err != nil || states["q1"].Tasks || len(states) != 2 {
		t.Errorf("%v, %v", states, err)
	}
}

// Any number of idle lanes costs at most 40 commands a second.
func TestManyIdleLanes(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.taskCheck = 0
		sent := &commandCounter{}
		f.rdb.AddHook(sent)
		var lanes []LaneConfig
		for i := range 100 {
			l := f.lane(t, "bj", 5)
			l.Lane.Account = "a" + strconv.Itoa(i)
			lanes = append(lanes, l)
		}
		w := f.start(t, "w1", lanes...)
		<-time.After(2 * sleepAfter)
		for _, s := range w.tasks.all() {
			if _, awake := s.awake(); awake {
				t.Errorf("%v awake", s.queues)
			}
		}
		const minute = 60
		before := sent.n.Load()
		<-time.After(minute * time.Second)
		if perSecond := float64(sent.n.Load()-before) / minute; perSecond > 40 {
			t.Errorf("%.1f commands a second", perSecond)
		}
	})
}

// commandCounter is a hook that counts commands.
type commandCounter struct{ n atomic.Int64 }

func (c *commandCounter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *commandCounter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *commandCounter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}
