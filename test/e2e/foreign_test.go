package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
)

// foreignPayload is the contract's, as a program would write it that knows nothing of ours.
const foreignPayload = `{"v":1,"batch":"elsewhere","key":"f-1","account":"default","region":"bj","clientToken":"foreign-token-0001",` +
	`"request":{"name":"foreign-vip","subnetId":"sbn-foreign","privateIpAddress":"192.168.7.7","description":"由别的程序"},"extra":"ignored"}`

const queue = "havip.default.bj"

// unreadable are payloads that no worker can carry out, with what is said of them.
var unreadable = map[string]string{
	"":                                  "not JSON",
	`{"v":1,`:                           "not JSON",
	`null`:                              "version 0 is not supported",
	`{}`:                                "version 0 is not supported",
	`[{"v":1}]`:                         "it must be an object, not an array",
	`{"v":"1"}`:                         `field "v" must be a whole number, not a string`,
	`{"v":1}`:                           `batch "": is required`,
	`{"v":1,"batch":"b","region":"bj"}`: `key "": is required`,
	`{"v":1,"batch":"b","key":"k","request":{"name":"n","subnetId":"sbn-a"}}`:                   `region "": is required`,
	`{"v":1,"batch":"b","key":"k","region":"bj","request":{"name":"n"}}`:                        `subnetId "": is required`,
	`{"v":1,"batch":"b","key":"k","region":"bj","request":[]}`:                                  `field "request" must be an object`,
	`{"v":1,"batch":"b","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`: "exceeded max depth",
	`{"v":1,"batch":"` + strings.Repeat("b", 1<<20) + `","key":"k","region":"bj","request":{}}`: "at most 128 are allowed",
	`{"v":2}`:           "version 2 is not supported",
	"\x00\xff\xfe":      "not JSON",
	`{"v":1,"batch":7}`: `field "batch" must be a string`,
	`{"v":1,"batch":"b","key":"k","account":"default","region":"gz","request":{"name":"n","subnetId":"sbn-a"}}`: "does not belong into queue",
	`{"v":1,"batch":"b","key":"k","account":"default","region":"bj","request":{"name":"1","subnetId":"sbn-a"}}`: "must start with a letter",
}

// TestForeignProducer lets another program put tasks into the queue: good ones are carried out
// and recorded, unreadable ones are archived with the reason and stand in nobody's way.
func TestForeignProducer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rdb := w.redis.Client(t)
	client := asynq.NewClientFromRedisClient(rdb)
	put := func(payload, id string) {
		t.Helper()
		options := []asynq.Option{asynq.Queue(queue), asynq.TaskID(id), asynq.MaxRetry(3)}
		if _, err := client.EnqueueContext(t.Context(), asynq.NewTask("havip:create", []byte(payload)), options...); err != nil {
			t.Fatal(err)
		}
	}
	for payload := range unreadable {
		put(payload, uuid.NewString())
	}
	put(foreignPayload, "elsewhere/f-1/1")
	worker := w.worker(t, "--concurrency", "1")
	inspector := asynq.NewInspectorFromRedisClient(rdb)
	eventually(t, "the queue is empty", func() bool {
		info, err := inspector.GetQueueInfo(queue)
		return err == nil && info.Archived == len(unreadable) && info.Size == info.Archived
	})
	archived, err := inspector.ListArchivedTasks(queue)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range archived {
		if want := unreadable[string(task.Payload)]; !strings.Contains(task.LastErr, want) {
			t.Errorf("payload %q is archived with %q, want %q", task.Payload, task.LastErr, want)
		}
	}
	w.enqueue(t, "watch", "elsewhere", "--timeout", "30s", "--exit-status")
	doctor := w.start(t, "enqueue", "doctor")
	doctor.wait(t, patience)
	if counted := fmt.Sprintf("%d tasks are archived", len(unreadable)); !strings.Contains(doctor.stdout.String(), counted) {
		t.Errorf("enqueue doctor does not say that %s:\n%s%s", counted, doctor.stdout, doctor.stderr)
	}
	want := []result{{
		Batch: "elsewhere", Key: "f-1", State: "created", Name: "foreign-vip", SubnetID: "sbn-foreign",
		Address: "192.168.7.7", Attempts: 1, ClientToken: "foreign-token-0001",
	}}
	got := w.results(t, "elsewhere")
	for i := range got {
		want[i].HaVIPID, got[i].HaVIPID = "", strings.TrimPrefix(got[i].HaVIPID, w.truth(t)[0].HaVIPID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}

	// The same task once more, and one under another ID: known, and not made again.
	put(foreignPayload, "elsewhere/f-1/1")
	put(foreignPayload, "anything")
	eventually(t, "the queue is empty", func() bool {
		info, err := inspector.GetQueueInfo(queue)
		return err == nil && info.Size == len(unreadable)
	})
	if n := len(w.creates(t)); n != 1 {
		t.Errorf("%d creates were sent, want 1", n)
	}
	if worker.ended() {
		t.Error("the worker has ended")
	}
}

// TestManyTasksOneItem puts the same item's task into the queue under many IDs, for two workers
// at once: one request is sent, and the others wait for what it comes to.
func TestManyTasksOneItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--latency", "1s")
	client := asynq.NewClientFromRedisClient(w.redis.Client(t))
	for range 12 {
		task := asynq.NewTask("havip:create", []byte(foreignPayload))
		if _, err := client.EnqueueContext(t.Context(), task, asynq.Queue(queue)); err != nil {
			t.Fatal(err)
		}
	}
	w.worker(t, "--concurrency", "5")
	w.worker(t, "--concurrency", "5")
	inspector := asynq.NewInspectorFromRedisClient(w.redis.Client(t))
	eventually(t, "the queue is empty", func() bool {
		info, err := inspector.GetQueueInfo(queue)
		return err == nil && info.Size == 0
	})
	if creates, s := w.creates(t), w.stats(t); len(creates) != 1 || s.Overlaps != 0 {
		t.Errorf("%d creates were sent, %d of them at once with another; want 1 and 0", len(creates), s.Overlaps)
	}
	if results := w.results(t, "elsewhere"); len(results) != 1 || results[0].State != "created" || results[0].Attempts != 1 {
		t.Errorf("results %+v", results)
	}
}
