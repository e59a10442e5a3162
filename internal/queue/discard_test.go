package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// discardFixture is a queue with the tasks of a batch "b" and of others.
type discardFixture struct {
	*testing.T
	*queue.Tasks
	rdb     redis.UniversalClient
	records *ledger.Ledger
	client  *asynq.Client
}

func newDiscardFixture(t *testing.T) *discardFixture {
	t.Helper()
	q, rdb := open(t)
	return &discardFixture{t, q, rdb, ledger.New(rdb), asynq.NewClientFromRedisClient(rdb)}
}

// apply registers items of the batch and enqueues their tasks.
func (f *discardFixture) apply(batch string, keys ...string) {
	f.Helper()
	err := tasks.NewProducer(f.records, f.client, nil).Apply(f.Context(), batch, ledger.Source{}, func(yield func(tasks.Row, error) bool) {
		for i, key := range keys {
			item := tasks.Item{Key: key, Request: tasks.Request{Name: key, SubnetID: "sbn-1"}}.WithDefaults("bj")
			if !yield(tasks.Row{Line: i + 1, Item: item}, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		f.Fatal(err)
	}
}

// cancel cancels items of batch b.
func (f *discardFixture) cancel(keys ...string) {
	f.Helper()
	items, err := f.records.Some(f.Context(), "b", keys)
	if err == nil {
		_, err = f.records.Cancel(f.Context(), "b", "", items)
	}
	if err != nil {
		f.Fatal(err)
	}
}

func (f *discardFixture) discard(minShare float64, want int) {
	f.Helper()
	if n, err := f.DiscardFinished(f.Context(), f.records, "b", minShare); err != nil || n != want {
		f.Fatalf("deleted %d tasks, want %d: %v", n, want, err)
	}
}

// pending are the tasks in the order in which workers take them.
func (f *discardFixture) pending() []string {
	f.Helper()
	ids, err := f.rdb.LRange(f.Context(), f.Key("pending"), 0, -1).Result()
	if err != nil {
		f.Fatal(err)
	}
	slices.Reverse(ids)
	return ids
}

// take takes the next task as a worker does.
func (f *discardFixture) take() (id string) {
	f.Helper()
	id, err := f.rdb.RPopLPush(f.Context(), f.Key("pending"), f.Key("active")).Result()
	if err == nil {
		err = f.rdb.HSet(f.Context(), f.Key("t:"+id), "state", "active").Err()
	}
	if err != nil {
		f.Fatal(err)
	}
	return id
}

// consistent fails unless every pending ID has a task, and every task an ID.
func (f *discardFixture) consistent() {
	f.Helper()
	ids := f.pending()
	for _, name := range []string{"scheduled", "retry", "archived", "completed"} {
		ids = append(ids, f.rdb.ZRange(f.Context(), f.Key(name), 0, -1).Val()...)
	}
	ids = append(ids, f.rdb.LRange(f.Context(), f.Key("active"), 0, -1).Val()...)
	var hashes []string
	for _, key := range f.rdb.Keys(f.Context(), strings.NewReplacer("{", "*", "}", "*").Replace(f.Key("t:"))+"*").Val() {
		hashes = append(hashes, strings.TrimPrefix(key, f.Key("t:")))
	}
	slices.Sort(ids)
	slices.Sort(hashes)
	if !slices.Equal(hashes, ids) {
		f.Errorf("tasks and IDs differ (-tasks +IDs):\n%s", cmp.Diff(hashes, ids))
	}
}

func ids(batch string, keys []string) []string {
	all := make([]string, len(keys))
	for i, key := range keys {
		all[i] = tasks.TaskID(batch, key, 1)
	}
	return all
}

func numbered(prefix string, n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s-%04d", prefix, i)
	}
	return keys
}

// The tasks of finished items go, in whatever state they wait. All other tasks stay in their order.
func TestDiscardFinished(t *testing.T) {
	t.Parallel()
	f := newDiscardFixture(t)
	before, canceled, after := numbered("x", 700), numbered("k", 600), numbered("y", 10)
	f.apply("a", before...)
	f.apply("b", "taken", "open")
	f.apply("b", canceled...)
	f.apply("b", "archived", "retried")
	put(t, f.rdb, "a-stranger", tasks.TaskID("b", "unregistered", 1))
	f.apply("c", after...)
	order := f.pending()
	want := slices.DeleteFunc(slices.Clone(order), func(id string) bool {
		return strings.HasPrefix(id, "b/k-") || slices.Contains(ids("b", []string{"taken", "archived", "retried"}), id)
	})
	inspector := asynq.NewInspectorFromRedisClient(f.rdb)
	if err := inspector.ArchiveTask(bj.Queue(), tasks.TaskID("b", "archived", 1)); err != nil {
		t.Fatal(err)
	}
	taken, retried := tasks.TaskID("b", "taken", 1), tasks.TaskID("b", "retried", 1)
	do(t, f.rdb,
		[]any{"LREM", f.Key("pending"), 0, taken}, []any{"LPUSH", f.Key("active"), taken}, []any{"HSET", f.Key("t:" + taken), "state", "active"},
		[]any{"LREM", f.Key("pending"), 0, retried}, []any{"ZADD", f.Key("retry"), time.Now().Unix(), retried}, []any{"HSET", f.Key("t:" + retried), "state", "retry"})
	f.cancel(append(canceled, "taken", "archived", "retried")...)
	f.discard(0, len(canceled)+2)
	if diff := cmp.Diff(want, f.pending()); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	f.consistent()
	f.discard(0, 0)
}

// A few tasks among many others are left to the workers.
func TestDiscardFinishedLeavesAFew(t *testing.T) {
	t.Parallel()
	f := newDiscardFixture(t)
	f.apply("a", numbered("x", 30)...)
	f.apply("b", "one", "two")
	f.cancel("one", "two")
	f.discard(0.1, 0)
	f.discard(0.05, 2)
}

// before calls do just before the nth call of a script that has a key.
type before struct {
	redis.Hook
	key   string
	n     int64
	calls atomic.Int64
	do    func()
}

func (b *before) DialHook(next redis.DialHook) redis.DialHook { return next }
func (b *before) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b *before) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		args := cmd.Args()
		if cmd.Name() == "evalsha" && slices.Contains(args, any(b.key)) && b.calls.Add(1) == b.n {
			b.do()
		}
		return next(ctx, cmd)
	}
}

// during discards with a client that calls do before the nth step of the pass.
func (f *discardFixture) during(n int64, do func()) (deleted int) {
	f.Helper()
	rdb := redis.NewClient(f.rdb.(*redis.Client).Options())
	f.Cleanup(func() { _ = rdb.Close() })
	hook := &before{key: "havip:{" + bj.Queue() + "}:discard", n: n, do: do}
	rdb.AddHook(hook)
	deleted, err := queue.TasksOf(queue.Of(rdb, bj).Normal).DiscardFinished(f.Context(), f.records, "b", 0)
	if err != nil || hook.calls.Load() < n {
		f.Fatalf("deleted %d tasks in %d steps, %v", deleted, hook.calls.Load(), err)
	}
	return deleted
}

// What a worker takes between two steps runs once, and the pass misses no other task because of it. The same holds for a
// task that asynq requeues and one that a producer adds.
func TestDiscardFinishedBesideOthers(t *testing.T) {
	t.Parallel()
	f := newDiscardFixture(t)
	canceled := numbered("k", 900)
	f.apply("b", canceled...)
	f.apply("c", "own")
	f.cancel(canceled...)
	var taken []string
	deleted := f.during(3, func() {
		for range 40 {
			taken = append(taken, f.take())
		}
		f.apply("c", "added")
		back := taken[0]
		do(t, f.rdb, []any{"LREM", f.Key("active"), 0, back}, []any{"RPUSH", f.Key("pending"), back}, []any{"HSET", f.Key("t:" + back), "state", "pending"})
		taken = taken[1:]
	})
	got, want := f.pending(), ids("c", []string{"added", "own"})
	if slices.Sort(got); deleted != len(canceled)-len(taken) || !slices.Equal(got, want) {
		t.Errorf("deleted %d of %d, %d taken; pending %v, want %v", deleted, len(canceled), len(taken), got, want)
	}
	f.consistent()
}

// An item that is retried after its task was chosen has a task again: it was never sent, so that it keeps its task's ID, and
// the retry may have found the task that is then deleted.
func TestDiscardFinishedBesideARetry(t *testing.T) {
	t.Parallel()
	f := newDiscardFixture(t)
	f.apply("b", "back", "gone")
	f.cancel("back", "gone")
	f.during(2, func() {
		items, err := f.records.Some(t.Context(), "b", []string{"back"})
		if err == nil {
			_, err = f.records.Retry(t.Context(), "b", []ledger.Retrial{{Seen: items[0], Next: tasks.ClientToken("b", "back", 2)}})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if got, want := f.pending(), ids("b", []string{"back"}); !cmp.Equal(got, want) {
		t.Errorf("pending %v, want %v", got, want)
	}
	f.consistent()
}

// Two passes at a time would hide tasks from each other: the second waits, also for one that took over from it.
func TestDiscardFinishedOneAtATime(t *testing.T) {
	t.Parallel()
	f := newDiscardFixture(t)
	canceled := numbered("k", 600)
	f.apply("b", canceled...)
	f.cancel(canceled...)
	lock := "havip:{" + bj.Queue() + "}:discard"
	do(t, f.rdb, []any{"SET", lock, "another"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
	defer cancel()
	if n, err := f.DiscardFinished(ctx, f.records, "b", 0); n != 0 || !errors.Is(err, context.DeadlineExceeded) || len(f.pending()) != len(canceled) {
		t.Fatalf("beside another: deleted %d, %v", n, err)
	}
	do(t, f.rdb, []any{"DEL", lock})
	deleted := f.during(2, func() { do(t, f.rdb, []any{"SET", lock, "another", "PX", 300}) })
	if got := f.pending(); deleted != len(canceled) || len(got) != 0 {
		t.Errorf("after another took over: deleted %d, pending %v", deleted, got)
	}
	f.consistent()
}

// In a Redis Cluster, a pass needs only the keys of one slot.
func TestDiscardFinishedInACluster(t *testing.T) {
	t.Parallel()
	rdb, err := redisconn.Open(t.Context(), redistest.StartCluster(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	f := &discardFixture{t, queue.TasksOf(queue.Of(rdb, bj).Normal), rdb, ledger.New(rdb), asynq.NewClientFromRedisClient(rdb)}
	f.apply("b", "gone")
	f.apply("c", "stays")
	f.cancel("gone")
	f.discard(0, 1)
	if got, want := f.pending(), ids("c", []string{"stays"}); !cmp.Equal(got, want) {
		t.Errorf("pending %v, want %v", got, want)
	}
}

// An item that has changed since it was read is not lost: it may have finished, and its task with it.
func TestLostLooksAgain(t *testing.T) {
	t.Parallel()
	f := newDiscardFixture(t)
	f.apply("b", "finished", "lost")
	items, err := f.records.Some(t.Context(), "b", []string{"finished", "lost"})
	if err != nil {
		t.Fatal(err)
	}
	f.cancel("finished")
	do(t, f.rdb, []any{"DEL", f.Key("pending"), f.Key("t:" + f.pending()[0]), f.Key("t:" + f.pending()[1])})
	lost, err := queue.Lost(t.Context(), f.rdb, f.records, "b", items)
	if err != nil || len(lost) != 1 || lost[0].Key != "lost" {
		t.Errorf("%+v, %v", lost, err)
	}
}

// A task that asynq keeps after it has ended occupies its ID, which a later batch of this name may need.
func TestDiscardKept(t *testing.T) {
	t.Parallel()
	f := newDiscardFixture(t)
	f.apply("b", "a", "archived", "open")
	f.apply("other", "a")
	f.cancel("a", "archived")
	for range 4 {
		id, set := f.take(), "completed"
		if id == tasks.TaskID("b", "archived", 1) {
			set = "archived"
		}
		err := errors.Join(
			f.rdb.LRem(t.Context(), f.Key("active"), 1, id).Err(), f.rdb.HSet(t.Context(), f.Key("t:"+id), "state", set).Err(),
			f.rdb.ZAdd(t.Context(), f.Key(set), redis.Z{Score: float64(time.Now().Unix()), Member: id}).Err(),
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	f.discard(0, 2)
	left, err := f.rdb.ZRange(t.Context(), f.Key("completed"), 0, -1).Result()
	if want := slices.Concat(ids("b", []string{"open"}), ids("other", []string{"a"})); err != nil || !slices.Equal(left, want) {
		t.Errorf("left %v, want %v: %v", left, want, err)
	}
	f.consistent()
}
