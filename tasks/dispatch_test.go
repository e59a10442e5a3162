package tasks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"havip/ledger"
)

// dispatchFixture is a dispatcher with the queue that it works on.
type dispatchFixture struct {
	*handlerFixture
	*Dispatcher
	inspector *asynq.Inspector
	client    *asynq.Client
}

func newDispatchFixture(t *testing.T) *dispatchFixture {
	t.Helper()
	f := newFixture(t, "")
	d := &dispatchFixture{handlerFixture: f, inspector: asynq.NewInspectorFromRedisClient(f.rdb), client: asynq.NewClientFromRedisClient(f.rdb)}
	d.Dispatcher = NewDispatcher(d.client, d.inspector)
	return d
}

// registered is an item of the ledger whose task is in no queue.
func (d *dispatchFixture) registered(key string) ledger.Item {
	d.Helper()
	d.put(testItem(key, ""))
	return d.item(key)
}

func (f *handlerFixture) item(key string) ledger.Item {
	f.Helper()
	item, err := f.ledger.Item(f.Context(), testBatch, key)
	if err != nil {
		f.Fatal(err)
	}
	return item
}

// queued puts the item's task in, with a delay if that is not 0.
func (d *dispatchFixture) queued(item ledger.Item, delay time.Duration) (id string) {
	d.Helper()
	task, options := TaskOf(item, "")
	info, err := d.client.EnqueueContext(d.Context(), task, append(options, asynq.ProcessIn(delay))...)
	if err != nil {
		d.Fatal(err)
	}
	return info.ID
}

// taken makes a pending task active, as a worker does that takes it.
func (d *dispatchFixture) taken(id string) {
	d.Helper()
	queue := "asynq:{" + testLane.Queue() + "}:"
	for _, command := range [][]any{
		{"LREM", queue + "pending", 1, id},
		{"LPUSH", queue + "active", id},
		{"HSET", queue + "t:" + id, "state", "active"},
	} {
		if err := d.rdb.Do(d.Context(), command...).Err(); err != nil {
			d.Fatal(err)
		}
	}
}

// states are those of all tasks in the queue, by ID.
func (d *dispatchFixture) states() []string {
	d.Helper()
	var all []string
	for state, list := range map[string]func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
		"pending": d.inspector.ListPendingTasks, "active": d.inspector.ListActiveTasks, "retry": d.inspector.ListRetryTasks,
		"scheduled": d.inspector.ListScheduledTasks, "archived": d.inspector.ListArchivedTasks,
	} {
		infos, err := list(testLane.Queue())
		if err != nil {
			d.Fatal(err)
		}
		for _, info := range infos {
			all = append(all, info.ID+" "+state)
		}
	}
	slices.Sort(all)
	return all
}

func (d *dispatchFixture) expectStates(want ...string) {
	d.Helper()
	if diff := cmp.Diff(want, d.states()); diff != "" {
		d.Errorf("tasks (-want +got):\n%s", diff)
	}
}

// An item that goes on again has a task that will run, whatever its last one came to.
func TestDispatch(t *testing.T) {
	t.Parallel()
	d := newDispatchFixture(t)
	var items []ledger.Item
	for _, key := range []string{"active", "archived", "delayed", "none", "waiting"} {
		items = append(items, d.registered(key))
	}
	d.taken(d.queued(items[0], 0))
	if err := d.inspector.ArchiveTask(testLane.Queue(), d.queued(items[1], 0)); err != nil {
		t.Fatal(err)
	}
	d.queued(items[2], time.Hour)
	d.queued(items[4], 0)
	for range 2 {
		if err := d.Dispatch(t.Context(), items); err != nil {
			t.Fatal(err)
		}
		d.expectStates("b/active/1 active", "b/active/1/again-0 pending", "b/archived/1 pending", "b/delayed/1 pending", "b/none/1 pending", "b/waiting/1 pending")
	}
}

// An item that is under way has one task; it runs now, also when it was made for an earlier
// generation.
func TestRunNow(t *testing.T) {
	t.Parallel()
	d := newDispatchFixture(t)
	var items []ledger.Item
	for _, key := range []string{"active", "delayed", "none", "older"} {
		items = append(items, d.registered(key))
	}
	d.taken(d.queued(items[0], 0))
	d.queued(items[1], time.Hour)
	d.queued(items[3], time.Hour)
	items[3].Record.Generation = 3
	for range 2 {
		if err := d.RunNow(t.Context(), items); err != nil {
			t.Fatal(err)
		}
		d.expectStates("b/active/1 active", "b/delayed/1 pending", "b/none/1 pending", "b/older/1 pending")
	}
}

func TestDispatcherReturnsErrors(t *testing.T) {
	t.Parallel()
	d := newDispatchFixture(t)
	items := make([]ledger.Item, 300)
	for i := range items {
		items[i] = d.registered(fmt.Sprintf("a-%03d", i))
	}
	d.redis.Kill()
	if err := d.Dispatch(t.Context(), items); err == nil {
		t.Error("dispatched without Redis")
	}
	if err := d.RunNow(t.Context(), items); err == nil {
		t.Error("ran now without Redis")
	}
}

// A record in Redis may have any generation; the search for its task stays bounded.
func TestDispatcherWithAnAbsurdGeneration(t *testing.T) {
	t.Parallel()
	d := newDispatchFixture(t)
	item := d.registered("a")
	item.Record.Generation = 2_000_000
	inspector := &countingInspector{TaskInspector: d.inspector}
	if err := NewDispatcher(d.client, inspector).RunNow(t.Context(), []ledger.Item{item}); err != nil {
		t.Fatal(err)
	}
	if got := inspector.sought; len(got) != maxTaskGenerations || !strings.HasSuffix(got[0], "/2000000") || !strings.HasSuffix(got[len(got)-1], "/1") {
		t.Errorf("searched %d tasks, want %d, the latest first and generation 1 last: %q", len(got), maxTaskGenerations, got[:min(len(got), 3)])
	}
	if ownToken(item, "unknown") || !ownToken(item, ClientToken(testBatch, "a", 1)) {
		t.Error("ownToken: want only the item's own tokens")
	}
}

// countingInspector notes the IDs that it is asked for.
type countingInspector struct {
	TaskInspector
	sought []string
}

func (c *countingInspector) GetTaskInfo(queue, id string) (*asynq.TaskInfo, error) {
	c.sought = append(c.sought, id)
	return c.TaskInspector.GetTaskInfo(queue, id)
}
