package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip"
	"havip/ledger"
	"havip/tasks"
)

// foreignExample is a producer in another language; script is run by interpreter.
type foreignExample struct {
	interpreter, get, script string
	args                     func(host, port string) []string
	item                     havip.Item
}

var foreignExamples = map[string]foreignExample{
	"python": {
		interpreter: "python3", get: "run `make test`, which installs it", script: "enqueue.py",
		args: func(host, port string) []string {
			return []string{
				"--redis", host + ":" + port, "--batch", "别处/b", "--key", "k {1}", "--name", "北京-vip",
				"--subnet", "sbn-foreign", "--ip", "192.168.7.7", "--description", `"quoted" \ 出口` + strings.Repeat("x", 300),
			}
		},
		item: havip.Item{Key: "k {1}", Request: havip.Request{
			Name: "北京-vip", SubnetID: "sbn-foreign", PrivateIPAddress: "192.168.7.7",
			Description: `"quoted" \ 出口` + strings.Repeat("x", 300),
		}},
	},
	"shell": {
		interpreter: "sh", get: "install a POSIX shell", script: "enqueue.sh",
		args: func(host, port string) []string {
			return []string{"别处/b", "北京-vip/a.b_1", "sbn-foreign", "-h", host, "-p", port}
		},
		item: havip.Item{Request: havip.Request{Name: "北京-vip/a.b_1", SubnetID: "sbn-foreign"}},
	},
}

// TestForeignExamples has a producer without Go put in what a Go producer would have put in, and a worker
// make it.
func TestForeignExamples(t *testing.T) {
	t.Parallel()
	for name, example := range foreignExamples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStack(t)
			w.env = append(w.env, longRequests)
			id := example.run(t, w)
			if diff := cmp.Diff(example.asGoDoes(t), taskIn(t, w.redis.Client(t), id)); diff != "" {
				t.Errorf("the task (-a Go producer's +the example's):\n%s", diff)
			}
			if again := example.run(t, w); again != id {
				t.Errorf("run again, it printed %q, and before %q", again, id)
			}
			if n := w.redis.Client(t).LLen(t.Context(), "asynq:{"+queue+"}:pending").Val(); n != 1 {
				t.Errorf("%d tasks are pending, want 1", n)
			}
			w.worker(t)
			item := example.item.WithDefaults("bj")
			eventually(t, "the item is registered", func() bool {
				_, err := ledger.New(w.redis.Client(t)).Item(t.Context(), "别处/b", item.Key)
				return err == nil
			})
			w.enqueue(t, "watch", "别处/b", "--exit-status")
			results, truth := w.results(t, "别处/b"), w.truth(t)
			if len(results) != 1 || len(truth) != 1 || results[0].HaVIPID != truth[0].HaVIPID || truth[0].Name != item.Request.Name {
				t.Errorf("results %+v, truth %+v", results, truth)
			}
			// Once more when all is done: the worker knows the item, and sends nothing.
			example.run(t, w)
			eventually(t, "the queue is empty", func() bool {
				info, err := asynq.NewInspectorFromRedisClient(w.redis.Client(t)).GetQueueInfo(queue)
				return err == nil && info.Size == 0
			})
			if n := len(w.creates(t)); n != 1 {
				t.Errorf("%d creates were sent, want 1", n)
			}
		})
	}
}

// run runs the example to its end and returns the task's ID, which it prints.
func (e foreignExample) run(t *testing.T, w *stack) string {
	t.Helper()
	path, err := exec.LookPath(e.interpreter)
	if err != nil {
		t.Fatalf("%s is missing: %s", e.interpreter, e.get)
	}
	script, err := filepath.Abs(filepath.Join("..", "..", "examples", "foreign", e.script))
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(w.redis.Addr(), ":")
	said, _ := w.run(t, 0, path, append([]string{script}, e.args(host, port)...)...)
	return strings.TrimSuffix(said, "\n")
}

// foreignTask is what asynq knows of a task, with its payload as what it asks for.
type foreignTask struct {
	ID, Type string
	State    asynq.TaskState
	MaxRetry int
	Timeout  time.Duration
	Deadline time.Time
	Payload  tasks.Payload
}

func taskIn(t *testing.T, rdb redis.UniversalClient, id string) foreignTask {
	t.Helper()
	info, err := asynq.NewInspectorFromRedisClient(rdb).GetTaskInfo(queue, id)
	if err != nil {
		t.Fatalf("task %q: %v", id, err)
	}
	payload, err := tasks.DecodePayload(info.Payload)
	if err != nil {
		t.Fatalf("payload %s: %v", info.Payload, err)
	}
	return foreignTask{info.ID, info.Type, info.State, info.MaxRetry, info.Timeout, info.Deadline, payload}
}

// asGoDoes is the task that a Go producer puts in for the same item.
func (e foreignExample) asGoDoes(t *testing.T) foreignTask {
	t.Helper()
	w := newStack(t)
	rdb := w.redis.Client(t)
	if _, err := havip.NewClient(rdb, havip.WithRegion("bj")).Enqueue(t.Context(), "别处/b", e.item); err != nil {
		t.Fatal(err)
	}
	item := e.item.WithDefaults("bj")
	task := taskIn(t, rdb, tasks.TaskID("别处/b", item.Key, 1))
	// A Go producer registers the item, so that its task need only name it.
	payload := tasks.Payload{Version: tasks.PayloadVersion, Batch: task.Payload.Batch, Key: task.Payload.Key, Account: item.Account, Region: item.Region}
	r := item.Request
	payload.Request.Name, payload.Request.SubnetID, payload.Request.PrivateIPAddress, payload.Request.Description = r.Name, r.SubnetID, r.PrivateIPAddress, r.Description
	task.Payload = payload
	return task
}

// What the examples put in is the contract's payload to the byte.
func TestForeignExamplePayload(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	id := foreignExamples["shell"].run(t, w)
	info, err := asynq.NewInspectorFromRedisClient(w.redis.Client(t)).GetTaskInfo(queue, id)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"v":1,"batch":"别处/b","key":"北京-vip/a.b_1","account":"default","region":"bj","clientToken":"",` +
		`"request":{"name":"北京-vip/a.b_1","subnetId":"sbn-foreign","privateIpAddress":"","description":""}}`
	if got := string(info.Payload); got != want || !json.Valid(info.Payload) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
