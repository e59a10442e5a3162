package tasks_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// contract is a task as the producer of this package puts it: what stands here is relied upon from outside, except the
// payload, which only workers read. TestPayloadContract is about the payload of other producers.
type contract struct {
	Queue, ID, Type, Payload string
	MaxRetry                 int
	Timeout                  time.Duration
}

// contracts are of one item each, from the plainest to what needs care.
var contracts = map[string]struct {
	item tasks.Item
	want contract
}{
	"plain": {
		tasks.Item{Request: tasks.Request{Name: "web-1", SubnetID: "sbn-dk8gl9bc"}},
		contract{
			Queue: "havip.default.bj", ID: "spring/web-1/1", Type: "havip:create", MaxRetry: 1000, Timeout: 10 * time.Minute,
			Payload: `{"v":2,"batch":"spring","key":"web-1"}`,
		},
	},
	"with everything": {
		tasks.Item{
			Key: "a/b {1}", Account: "team_1", Region: "gz", ClientToken: "mine",
			Request: tasks.Request{Name: "北京-出口", SubnetID: "sbn-9x2m4n6p", PrivateIPAddress: "192.168.0.10", Description: `"a" <b> & 备用`},
		},
		contract{
			Queue: "havip.team_1.gz", ID: "spring/a%2Fb%20%7B1%7D/1", Type: "havip:create", MaxRetry: 1000, Timeout: 10 * time.Minute,
			Payload: `{"v":2,"batch":"spring","key":"a/b {1}"}`,
		},
	},
}

func TestTaskContract(t *testing.T) {
	t.Parallel()
	for name, test := range contracts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rdb := redistest.Start(t).Client(t)
			producer := tasks.NewProducer(ledger.New(rdb), asynq.NewClientFromRedisClient(rdb), rdb)
			if _, err := producer.Enqueue(t.Context(), "spring", test.item.WithDefaults("bj")); err != nil {
				t.Fatal(err)
			}
			inspector := asynq.NewInspectorFromRedisClient(rdb)
			pending, err := inspector.ListPendingTasks(test.want.Queue)
			if err != nil || len(pending) != 1 {
				t.Fatalf("pending in %s: %v, %v", test.want.Queue, pending, err)
			}
			info := pending[0]
			got := contract{info.Queue, info.ID, info.Type, string(info.Payload), info.MaxRetry, info.Timeout}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("task (-contract +got):\n%s", diff)
			}
		})
	}
}
