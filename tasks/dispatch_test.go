package tasks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"havip/ledger"
)

// desk is a dispatcher with the queue that it works on.
type desk struct {
	*bench
	*Dispatcher
	inspector *asynq.Inspector
	client    *asynq.Client
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	b := newBench(t, "")
	d := &desk{bench: b, inspector: asynq.NewInspectorFromRedisClient(b.rdb), client: asynq.NewClientFromRedisClient(b.rdb)}
	d.Dispatcher = NewDispatcher(d.client, d.inspector)
	return d
}

// registered is an item of the ledger whose task is in no queue.
func (d *desk) registered(key string) ledger.Item {
	d.Helper()
	d.put(testItem(key, ""))
	return d.item(key)
}

func (b *bench) item(key string) ledger.Item {
	b.Helper()
	item, err := b.ledger.Item(b.Context(), testBatch, key)
	if err != nil {
		b.Fatal(err)
	}
	return item
}

// queued puts the item's task in, with a delay if that is not 0.
func (d *desk) queued(item ledger.Item, delay time.Duration) (id string) {
	d.Helper()
	task, options, err := TaskOf(item, "")
	if err != nil {
		d.Fatal(err)
	}
	info, err := d.client.EnqueueContext(d.Context(), task, append(options, asynq.ProcessIn(delay))...)
	if err != nil {
		d.Fatal(err)
	}
	return info.ID
}

// taken makes a pending task active, as a worker does that takes it.
func (d *desk) taken(id string) {
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
func (d *desk) states() []string {
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

func (d *desk) expectStates(want ...string) {
	d.Helper()
	if diff := cmp.Diff(want, d.states()); diff != "" {
		d.Errorf("tasks (-want +got):\n%s", diff)
	}
}

// An item that goes on again has a task that will run, whatever its last one came to.
func TestDispatch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
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
func TestHurry(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var items []ledger.Item
	for _, key := range []string{"active", "delayed", "none", "older"} {
		items = append(items, d.registered(key))
	}
	d.taken(d.queued(items[0], 0))
	d.queued(items[1], time.Hour)
	d.queued(items[3], time.Hour)
	items[3].Record.Generation = 3
	for range 2 {
		if err := d.Hurry(t.Context(), items); err != nil {
			t.Fatal(err)
		}
		d.expectStates("b/active/1 active", "b/delayed/1 pending", "b/none/1 pending", "b/older/1 pending")
	}
}

func TestDispatcherTellsItsTrouble(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	items := make([]ledger.Item, 300)
	for i := range items {
		items[i] = d.registered(fmt.Sprintf("a-%03d", i))
	}
	d.redis.Kill()
	if err := d.Dispatch(t.Context(), items); err == nil {
		t.Error("dispatched without Redis")
	}
	if err := d.Hurry(t.Context(), items); err == nil {
		t.Error("hurried without Redis")
	}
}
