package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/lane"
	"havip/ledger"
	"havip/tasks"
)

func redisZ(at time.Time, id string) redis.Z { return redis.Z{Score: float64(at.Unix()), Member: id} }

// foreignTask is what a producer in another language puts in, of an item that nobody registered.
func foreignTask(key string) *asynq.Task {
	text := fmt.Sprintf(`{"v":1,"batch":%q,"key":%q,"account":"default","region":"bj","clientToken":"own-%s","request":{"name":%q,"subnetId":"sbn-1","privateIpAddress":"","description":""}}`, batch, key, key, key)
	return asynq.NewTask(tasks.TypeCreate, []byte(text))
}

// asynq archives a foreign task whose worker was killed, without asking anybody, before its item was
// registered: nothing but the archive knows of it.
func TestReconcilerRevivesWhatNobodyRegistered(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		client, inspector := asynq.NewClientFromRedisClient(f.rdb), asynq.NewInspectorFromRedisClient(f.rdb)
		if _, err := client.EnqueueContext(t.Context(), foreignTask("f"), asynq.Queue(bjQueue), asynq.TaskID("theirs"), asynq.MaxRetry(0)); err != nil {
			t.Fatal(err)
		}
		if err := inspector.ArchiveTask(bjQueue, "theirs"); err != nil {
			t.Fatal(err)
		}
		f.reconcilerAt(0, "w1").mustRound(t)
		if got := f.pending(t); len(got) != 1 || got[0] != "theirs" {
			t.Fatalf("pending %v", got)
		}
		f.start(t, "w2", f.lane(t, "bj", 0))
		f.awaitRegistered(t)
		f.await(t)
		f.exactlyOnce(t)
	})
}

// What asynq archives because it was put aside is in the ledger by then: a held subnet can fill the archive
// within seconds, from where asynq drops the oldest.
func TestWhatAsynqWillArchiveIsRegisteredFirst(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		breaker := lane.NewBreaker(f.rdb, "default/bj")
		admission, err := breaker.Admit(t.Context(), "sbn-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := breaker.Trip(t.Context(), admission, lane.Fault{Target: lane.TargetSubnet, Code: "SubnetHasNoMoreIpException"}); err != nil {
			t.Fatal(err)
		}
		handler := tasks.NewHandler(tasks.HandlerConfig{
			Lane: tasks.Lane{Account: "default", Region: "bj"}, API: f.lane(t, "bj", 0).API, Ledger: f.ledger,
			Gate: laneGate{lane.NewGate(breaker, nil, nil), tasks.Lane{}, noObserver{}, zerolog.Nop(), make(chan struct{}, 1)},
		})
		decided := make(chan error, 1)
		server := asynq.NewServerFromRedisClient(f.rdb, asynq.Config{
			Queues: map[string]int{bjQueue: 1}, LogLevel: asynq.FatalLevel, TaskCheckInterval: 10 * time.Millisecond, IsFailure: tasks.IsFailure,
			ErrorHandler: asynq.ErrorHandlerFunc(func(_ context.Context, _ *asynq.Task, err error) { decided <- err }),
		})
		if err := server.Start(handler); err != nil {
			t.Fatal(err)
		}
		defer server.Shutdown()
		if _, err := asynq.NewClientFromRedisClient(f.rdb).EnqueueContext(t.Context(), foreignTask("f"), asynq.Queue(bjQueue), asynq.MaxRetry(0)); err != nil {
			t.Fatal(err)
		}
		if err := <-decided; tasks.IsFailure(err) {
			t.Fatalf("not put aside: %v", err)
		}
		if _, err := f.ledger.Item(t.Context(), batch, "f"); err != nil {
			t.Error(err)
		}
	})
}

// awaitRegistered waits until the batch is there.
func (f *workerFixture) awaitRegistered(t *testing.T) {
	t.Helper()
	if _, err := f.ledger.Events(t.Context(), batch, "", 1, 30*time.Second); err != nil {
		t.Fatal(err)
	}
}

// refuse has a handler that refuses everything, as ours does with what it cannot read.
func (f *workerFixture) refuse(t *testing.T, ids ...string) {
	t.Helper()
	refused := make(chan struct{}, len(ids))
	server := asynq.NewServerFromRedisClient(f.rdb, asynq.Config{
		Queues: map[string]int{bjQueue: 1}, LogLevel: asynq.FatalLevel, TaskCheckInterval: 10 * time.Millisecond,
		ErrorHandler: asynq.ErrorHandlerFunc(func(context.Context, *asynq.Task, error) { refused <- struct{}{} }),
	})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		return fmt.Errorf("another item has its token: %w", asynq.SkipRetry)
	})); err != nil {
		t.Fatal(err)
	}
	for range ids {
		<-refused
	}
	server.Shutdown() // the tasks are in the archive when it returns
}

// A task that a handler refused is for people, whatever its item is.
func TestReconcilerKeepsWhatWasRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		if _, err := asynq.NewClientFromRedisClient(f.rdb).EnqueueContext(t.Context(), foreignTask("f"), asynq.Queue(bjQueue), asynq.TaskID("theirs")); err != nil {
			t.Fatal(err)
		}
		f.refuse(t, "theirs")
		r := f.reconcilerAt(time.Hour, "w1")
		r.mustRound(t)
		r.mustRound(t)
		info, err := asynq.NewInspectorFromRedisClient(f.rdb).GetTaskInfo(bjQueue, "theirs")
		if err != nil || info.State != asynq.TaskStateArchived {
			t.Errorf("%+v, %v", info, err)
		}
	})
}

// The archived task of an item that is finished says nothing that the ledger does not.
func TestReconcilerDeletesTasksOfFinishedItems(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 1)
		if _, _, err := f.ledger.Settle(t.Context(), batch, "bj-000", ledger.Rejected, "No", "no"); err != nil {
			t.Fatal(err)
		}
		id := tasks.TaskID(batch, "bj-000", 1)
		inspector := asynq.NewInspectorFromRedisClient(f.rdb)
		if err := inspector.ArchiveTask(bjQueue, id); err != nil {
			t.Fatal(err)
		}
		f.reconcilerAt(time.Hour, "w1").mustRound(t)
		if info, err := inspector.GetTaskInfo(bjQueue, id); err == nil {
			t.Errorf("left: %+v", info)
		}
		if got := f.pending(t); len(got) != 0 {
			t.Errorf("a finished item has a task again: %v", got)
		}
	})
}

// Tasks that nobody can read pile up in asynq's archive: the oldest go, some each round.
func TestReconcilerSweepsTheArchive(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	const n = archiveKept + sweptARound + 20
	client, inspector := asynq.NewClientFromRedisClient(f.rdb), asynq.NewInspectorFromRedisClient(f.rdb)
	for i := range n {
		id := fmt.Sprintf("garbage-%04d", i)
		if _, err := client.EnqueueContext(t.Context(), asynq.NewTask(tasks.TypeCreate, []byte("garbage")), asynq.Queue(bj.Queue()), asynq.TaskID(id)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := inspector.ArchiveAllPendingTasks(bj.Queue()); err != nil {
		t.Fatal(err)
	}
	r := f.reconcilerAt(0, "w1")
	for _, want := range []int64{archiveKept + 20, archiveKept, archiveKept} {
		r.mustRound(t)
		if got := f.rdb.ZCard(t.Context(), "asynq:{havip.default.bj}:archived").Val(); got != want {
			t.Errorf("%d archived, want %d", got, want)
		}
	}
	// Nothing is left of what was deleted, and its ID is free again.
	if left := f.rdb.Exists(t.Context(), "asynq:{havip.default.bj}:t:garbage-0000").Val(); left != 0 {
		t.Error("a deleted task's hash is left")
	}
}
