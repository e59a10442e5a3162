package worker

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/tasks"
)

// put enqueues n items in a batch of their own.
func (f *workerFixture) put(t *testing.T, batch string, n int, priority tasks.Priority) {
	t.Helper()
	producer := tasks.NewProducer(f.ledger, asynq.NewClientFromRedisClient(f.rdb), f.rdb)
	rows := func(yield func(tasks.Row, error) bool) {
		for i := range n {
			item := tasks.Item{Request: tasks.Request{Name: fmt.Sprintf("%s-%03d", batch, i), SubnetID: "sbn-1"}, Priority: priority}
			if !yield(tasks.Row{Line: i + 1, Item: item.WithDefaults("bj")}, nil) {
				return
			}
		}
	}
	if err := producer.Apply(t.Context(), batch, ledger.Source{}, rows, nil); err != nil {
		t.Fatal(err)
	}
}

// createdWhenDone returns how many items of the other batches are created when the one is done.
func (f *workerFixture) createdWhenDone(t *testing.T, done string, others ...string) map[string]int64 {
	t.Helper()
	after := ""
	for {
		b, err := f.ledger.Batch(t.Context(), done)
		if err != nil {
			t.Fatal(err)
		}
		if b.Done() {
			break
		}
		events, err := f.ledger.Events(t.Context(), done, after, 1000, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) > 0 {
			after = events[len(events)-1].ID
		}
	}
	created := map[string]int64{}
	for _, name := range others {
		b, err := f.ledger.Batch(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		created[name] = b.Counts[ledger.Created]
	}
	return created
}

// A small batch that comes later does not wait for a large one, and does not stop it either.
func TestSmallBatchPassesALargeOne(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.put(t, "large", 500, "")
		f.put(t, "small", 10, "")
		f.start(t, "w1", f.lane(t, "bj", 20))
		if n := f.createdWhenDone(t, "small", "large")["large"]; n < 5 || n > 20 {
			t.Errorf("%d items of the large batch were created before the small one was done; want about as many as its own 10", n)
		}
	})
}

// While all wait, high priority gets most of the lane and low priority the least, but no batch nothing.
func TestPrioritiesShareALane(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.put(t, "low", 100, tasks.PriorityLow)
		f.put(t, "normal", 100, tasks.PriorityNormal)
		f.put(t, "high", 100, tasks.PriorityHigh)
		f.start(t, "w1", f.lane(t, "bj", 20))
		created := f.createdWhenDone(t, "high", "normal", "low")
		if low, normal := created["low"], created["normal"]; low < 1 || normal <= low || normal > 90 {
			t.Errorf("when 100 items of high priority were done, %d of normal and %d of low priority were; want about 50 and 17", normal, low)
		}
	})
}
