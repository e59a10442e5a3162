package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"

	"havip/internal/audit"
)

const foreignToken = "foreign-token-0001"

// foreignPayload is the contract's, as a program would write it that knows nothing of ours.
const foreignPayload = `{"v":1,"batch":"elsewhere","key":"f-1","account":"default","region":"bj","clientToken":"` + foreignToken + `",` +
	`"request":{"name":"foreign-vip","subnetId":"sbn-foreign","privateIpAddress":"192.168.7.7","description":"由别的程序"},"extra":"ignored"}`

const queue = "havip.default.bj"

// unreadable are payloads that no worker can carry out.
var unreadable = []string{
	"",
	`{"v":1,`,
	`null`,
	`{}`,
	`[{"v":1}]`,
	`{"v":"1"}`,
	`{"v":1}`,
	`{"v":1,"batch":"b","region":"bj"}`,
	`{"v":1,"batch":"b","key":"k","request":{"name":"n","subnetId":"sbn-a"}}`,
	`{"v":1,"batch":"b","key":"k","region":"bj","request":{"name":"n"}}`,
	`{"v":1,"batch":"b","key":"k","region":"bj","request":[]}`,
	`{"v":1,"batch":"b","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
	`{"v":1,"batch":"` + strings.Repeat("b", 1<<20) + `","key":"k","region":"bj","request":{}}`,
	`{"v":2}`, `{"v":3}`,
	"\x00\xff\xfe",
	`{"v":1,"batch":7}`,
	`{"v":1,"batch":"b","key":"k","account":"default","region":"gz","request":{"name":"n","subnetId":"sbn-a"}}`,
	`{"v":1,"batch":"b","key":"k","account":"default","region":"bj","request":{"name":"1","subnetId":"sbn-a"}}`,
}

// TestForeignProducer lets another program put tasks into the queue: good ones are carried out
// and recorded, unreadable ones are archived with the reason and stand in nobody's way.
func TestForeignProducer(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.env = append(w.env, longRequests)
	rdb := w.redis.Client(t)
	client := asynq.NewClientFromRedisClient(rdb)
	put := func(payload, id string) {
		t.Helper()
		options := []asynq.Option{asynq.Queue(queue), asynq.TaskID(id), asynq.MaxRetry(3)}
		if _, err := client.EnqueueContext(t.Context(), asynq.NewTask("havip:create", []byte(payload)), options...); err != nil {
			t.Fatal(err)
		}
	}
	for _, payload := range unreadable {
		put(payload, uuid.NewString())
	}
	put(foreignPayload, "elsewhere/f-1/1")
	worker := w.worker(t, "--concurrency", "1")
	inspector := asynq.NewInspectorFromRedisClient(rdb)
	eventually(t, "the queue is empty", func() bool {
		info, err := inspector.GetQueueInfo(queue)
		return err == nil && info.Archived == len(unreadable) && info.Size == info.Archived
	})
	w.requireReasons(t, inspector)
	w.enqueue(t, "watch", "elsewhere", "--exit-status")
	want := []result{{
		Batch: "elsewhere", Key: "f-1", State: "created", Name: "foreign-vip", SubnetID: "sbn-foreign",
		Address: "192.168.7.7", Attempts: 1, ClientToken: foreignToken,
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

// requireReasons holds the archive against what was put in: each unreadable payload is in it, with what is
// said of it, and `enqueue doctor` counts them.
func (w *stack) requireReasons(t *testing.T, inspector *asynq.Inspector) {
	t.Helper()
	archived, err := inspector.ListArchivedTasks(queue)
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, task := range archived {
		why[string(task.Payload)] = task.LastErr
	}
	var said strings.Builder
	for _, payload := range unreadable {
		fmt.Fprintf(&said, "%.110q: %s\n", payload, why[payload])
	}
	doctor := w.start(t, "enqueue", "doctor", "-o", "ndjson")
	if code := doctor.wait(t); code != 1 {
		t.Errorf("doctor: exit code %d: %s", code, doctor.stderr)
	}
	for line := range strings.Lines(doctor.stdout.String()) {
		var d audit.Diagnosis
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if d.Code == audit.CodeArchived {
			counted, _, _ := strings.Cut(d.What, ";") // which are the newest of one second is left to chance
			fmt.Fprintf(&said, "doctor, of %s: %s\n", d.Subject, counted)
		}
	}
	golden(t, "TestForeignProducer", said.String())
}

// TestManyTasksOneItem puts the same item's task into the queue under many IDs, for two workers
// at once: one request is sent, and the others wait for what it comes to.
func TestManyTasksOneItem(t *testing.T) {
	t.Parallel()
	const ids = 12
	w := newStack(t, "--faults", "create:gate-before")
	w.env = append(w.env, longRequests)
	w.worker(t, "--concurrency", "5")
	w.worker(t, "--concurrency", "5")
	w.warmUp(t, 2, 5)
	client := asynq.NewClientFromRedisClient(w.redis.Client(t))
	for range ids {
		task := asynq.NewTask("havip:create", []byte(foreignPayload))
		if _, err := client.EnqueueContext(t.Context(), task, asynq.Queue(queue)); err != nil {
			t.Fatal(err)
		}
	}
	w.awaitGate(t, 1)
	inspector := asynq.NewInspectorFromRedisClient(w.redis.Client(t))
	eventually(t, "the other tasks wait", func() bool {
		info, err := inspector.GetQueueInfo(queue)
		return err == nil && info.Retry >= ids-1 // a worker that was found dead for a while has one more
	})
	w.endFaults(t)
	w.enqueue(t, "watch", "elsewhere", "--exit-status")
	// They would come by themselves when a request of four minutes is certainly over.
	if n, err := inspector.RunAllRetryTasks(queue); err != nil || n < ids-1 {
		t.Fatalf("%d tasks waited: %v", n, err)
	}
	eventually(t, "the queue is empty", func() bool {
		info, err := inspector.GetQueueInfo(queue)
		return err == nil && info.Size == 0
	})
	sent := 0
	for _, c := range w.creates(t) {
		if c.ClientToken == foreignToken {
			sent++
		}
	}
	if s := w.stats(t); sent != 1 || s.Overlaps != 0 {
		t.Errorf("%d creates were sent, %d of them at once with another; want 1 and 0", sent, s.Overlaps)
	}
	if results := w.results(t, "elsewhere"); len(results) != 1 || results[0].State != "created" || results[0].Attempts != 1 {
		t.Errorf("results %+v", results)
	}
}
