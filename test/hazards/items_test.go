package hazards

import (
	"fmt"
	"testing"

	"github.com/hibiken/asynq"

	"havip/bce/bcesim"
	"havip/ledger"
	"havip/tasks"
)

// itemOf asks for a fixed address, so that one request settles it.
func itemOf(region string, n int) tasks.Item {
	return tasks.Item{
		Key: fmt.Sprintf("vip-%05d", n), Account: "default", Region: region,
		Request: tasks.Request{Name: fmt.Sprintf("vip-%05d", n), SubnetID: "sbn-1", PrivateIPAddress: fmt.Sprintf("10.0.%d.%d", n/250, 1+n%250)},
	}
}

// rowsOf are n items of a file.
func rowsOf(region string, n int) func(yield func(tasks.Row, error) bool) {
	return func(yield func(tasks.Row, error) bool) {
		for i := range n {
			if !yield(tasks.Row{Line: i + 1, Item: itemOf(region, i)}, nil) {
				return
			}
		}
	}
}

// apply puts n items in, as enqueue does.
func (f *hazardFixture) apply(t *testing.T, n int) {
	t.Helper()
	producer := tasks.NewProducer(f.ledger, asynq.NewClientFromRedisClient(f.rdb), f.rdb)
	if err := producer.Apply(t.Context(), batch, ledger.Source{}, rowsOf(bj.Region, n), nil); err != nil {
		t.Fatal(err)
	}
}

// first is the key of the first item, and firstTask its task.
var (
	first     = itemOf(bj.Region, 0).Key
	firstTask = tasks.TaskID(batch, first, 1)
)

// foreign puts the first item's task in, as another program would that has its own idea of a task's
// terms.
func (f *hazardFixture) foreign(t *testing.T, options ...asynq.Option) *asynq.TaskInfo {
	t.Helper()
	item := itemOf(bj.Region, 0)
	payload := fmt.Sprintf(`{"v":1,"batch":%q,"key":%q,"region":%q,"request":%s}`, batch, item.Key, item.Region, item.Request.Body())
	options = append([]asynq.Option{asynq.Queue(bj.Queue()), asynq.TaskID(firstTask)}, options...)
	info, err := asynq.NewClientFromRedisClient(f.rdb).EnqueueContext(t.Context(), asynq.NewTask(tasks.TypeCreate, []byte(payload)), options...)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func (f *hazardFixture) record(t *testing.T, key string) ledger.Record {
	t.Helper()
	item, err := f.ledger.Item(t.Context(), batch, key)
	if err != nil {
		t.Fatal(err)
	}
	return item.Record
}

// anySends is for tests that cannot know how often an item was sent.
const anySends = 0

// requireOnce holds the ledger against what exists: each of n items has exactly one HaVIP, its own,
// for so many requests. Whether it is created or adopted depends on how long ago a ledger that lost it had it
// created.
func (f *hazardFixture) requireOnce(t *testing.T, n, sends int) {
	t.Helper()
	exists := map[string]bcesim.Record{}
	for _, record := range f.sim.Truth().Live() {
		exists[record.HaVIPID] = record
	}
	for item, err := range f.ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		n--
		rec, there := item.Record, exists[item.Record.HaVIPID]
		delete(exists, rec.HaVIPID)
		if !rec.State.Succeeded() || there.ClientToken != rec.ClientToken || there.Name != item.Key || rec.RequestID == "" {
			t.Errorf("item %s is %s with %q; exists %+v", item.Key, rec.State, rec.HaVIPID, there)
		}
		if sends != anySends && rec.Sends != sends {
			t.Errorf("item %s took %d requests, want %d", item.Key, rec.Sends, sends)
		}
	}
	if n != 0 || len(exists) != 0 {
		t.Errorf("%d items too few in the ledger; %d HaVIPs of no item", n, len(exists))
	}
	if stats := f.sim.Stats(); stats.Overlaps != 0 || stats.WithoutToken != 0 || stats.Duplicates != 0 {
		t.Errorf("overlapping requests: %d, without a token: %d, duplicates: %d", stats.Overlaps, stats.WithoutToken, stats.Duplicates)
	}
}
