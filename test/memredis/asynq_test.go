package memredis_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/test/memredis"
)

// asynq's Client and Inspector work on it, whatever scripts they bring.
func TestAsynq(t *testing.T) {
	t.Parallel()
	rdb := newClient(t, memredis.New(time.Now))
	client, inspector := asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb)

	enqueue := func(id string, options ...asynq.Option) error {
		_, err := client.Enqueue(asynq.NewTask("kind", []byte("payload")), append(options, asynq.TaskID(id), asynq.Queue("q"))...)
		return err
	}
	must(t, enqueue("now"))
	must(t, enqueue("later", asynq.ProcessIn(time.Hour)))
	if err := enqueue("now"); !errors.Is(err, asynq.ErrTaskIDConflict) {
		t.Fatalf("the same ID again: %v", err)
	}
	must(t, enqueue("only", asynq.Unique(time.Minute)))
	if err := enqueue("second", asynq.Unique(time.Minute)); !errors.Is(err, asynq.ErrDuplicateTask) {
		t.Fatalf("the same task again: %v", err)
	}

	info, err := inspector.GetTaskInfo("q", "later")
	must(t, err)
	if info.State != asynq.TaskStateScheduled || string(info.Payload) != "payload" {
		t.Fatalf("later: %+v", info)
	}
	if queues, err := inspector.Queues(); err != nil || len(queues) != 1 {
		t.Fatalf("queues %v, %v", queues, err)
	}
	expectQueue(t, inspector, 2, 1, 0)
	must(t, inspector.RunTask("q", "later"))
	expectQueue(t, inspector, 3, 0, 0)
	must(t, inspector.ArchiveTask("q", "now"))
	expectQueue(t, inspector, 2, 0, 1)
	archived, err := inspector.ListArchivedTasks("q")
	must(t, err)
	if len(archived) != 1 || archived[0].ID != "now" {
		t.Fatalf("archived %v", archived)
	}
	must(t, inspector.DeleteTask("q", "now"))
	must(t, inspector.DeleteTask("q", "only"))
	if err := inspector.DeleteTask("q", "only"); !errors.Is(err, asynq.ErrTaskNotFound) {
		t.Fatalf("deleted twice: %v", err)
	}
	pending, err := inspector.ListPendingTasks("q")
	must(t, err)
	if len(pending) != 1 || pending[0].ID != "later" {
		t.Fatalf("pending %v", pending)
	}
	must(t, inspector.PauseQueue("q"))
	must(t, inspector.UnpauseQueue("q"))
	if n, err := inspector.DeleteAllPendingTasks("q"); n != 1 || err != nil {
		t.Fatalf("deleted %d, %v", n, err)
	}
	must(t, inspector.DeleteQueue("q", false))
}

func expectQueue(t *testing.T, inspector *asynq.Inspector, pending, scheduled, archived int) {
	t.Helper()
	info, err := inspector.GetQueueInfo("q")
	must(t, err)
	if info.Pending != pending || info.Scheduled != scheduled || info.Archived != archived {
		t.Fatalf("the queue is %+v, want %d pending, %d scheduled, %d archived", info, pending, scheduled, archived)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// Every call of the Inspector is carried out, whatever it finds.
func TestInspector(t *testing.T) {
	t.Parallel()
	rdb := newClient(t, memredis.New(time.Now))
	client, inspector := asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb)
	put := func(id string, options ...asynq.Option) {
		options = append(options, asynq.TaskID(id), asynq.Queue("q"))
		_, err := client.Enqueue(asynq.NewTask("kind", []byte(id)), options...)
		must(t, err)
	}
	put("later", asynq.ProcessIn(time.Hour))
	put("second", asynq.ProcessIn(time.Hour))
	put("unique later", asynq.ProcessIn(time.Hour), asynq.Unique(time.Hour))
	for _, id := range []string{"a", "b", "c"} {
		put("grouped "+id, asynq.Group("g"))
		put("pending " + id)
	}
	put("unique grouped", asynq.Group("g"), asynq.Unique(time.Hour))

	must(t, inspector.UpdateTaskPayload("q", "later", []byte("other")))
	must(t, inspector.RunTask("q", "grouped a"))
	must(t, inspector.ArchiveTask("q", "grouped b"))
	for name, count := range map[string]func() (int, error){
		"groups":       of(func() ([]*asynq.GroupInfo, error) { return inspector.Groups("q") }),
		"servers":      of(inspector.Servers),
		"entries":      of(inspector.SchedulerEntries),
		"events":       of(func() ([]*asynq.SchedulerEnqueueEvent, error) { return inspector.ListSchedulerEnqueueEvents("e") }),
		"history":      of(func() ([]*asynq.DailyStats, error) { return inspector.History("q", 2) }),
		"pending":      of(func() ([]*asynq.TaskInfo, error) { return inspector.ListPendingTasks("q", asynq.PageSize(2)) }),
		"active":       of(func() ([]*asynq.TaskInfo, error) { return inspector.ListActiveTasks("q") }),
		"aggregating":  of(func() ([]*asynq.TaskInfo, error) { return inspector.ListAggregatingTasks("q", "g") }),
		"scheduled":    of(func() ([]*asynq.TaskInfo, error) { return inspector.ListScheduledTasks("q") }),
		"retry":        of(func() ([]*asynq.TaskInfo, error) { return inspector.ListRetryTasks("q") }),
		"archived":     of(func() ([]*asynq.TaskInfo, error) { return inspector.ListArchivedTasks("q") }),
		"completed":    of(func() ([]*asynq.TaskInfo, error) { return inspector.ListCompletedTasks("q") }),
		"cancellation": func() (int, error) { return 0, inspector.CancelProcessing("later") },
	} {
		want := map[string]int{"groups": 1, "history": 2, "pending": 2, "aggregating": 2, "scheduled": 3, "archived": 1}[name]
		if n, err := count(); n != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", name, n, err, want)
		}
	}
	for _, act := range []struct {
		name string
		do   func() (int, error)
		want int
	}{
		{"archive pending", func() (int, error) { return inspector.ArchiveAllPendingTasks("q") }, 4},
		{"run archived", func() (int, error) { return inspector.RunAllArchivedTasks("q") }, 5},
		{"archive scheduled", func() (int, error) { return inspector.ArchiveAllScheduledTasks("q") }, 3},
		{"delete archived", func() (int, error) { return inspector.DeleteAllArchivedTasks("q") }, 3},
		{"archive retry", func() (int, error) { return inspector.ArchiveAllRetryTasks("q") }, 0},
		{"run retry", func() (int, error) { return inspector.RunAllRetryTasks("q") }, 0},
		{"delete retry", func() (int, error) { return inspector.DeleteAllRetryTasks("q") }, 0},
		{"run scheduled", func() (int, error) { return inspector.RunAllScheduledTasks("q") }, 0},
		{"delete scheduled", func() (int, error) { return inspector.DeleteAllScheduledTasks("q") }, 0},
		{"delete completed", func() (int, error) { return inspector.DeleteAllCompletedTasks("q") }, 0},
		{"archive group", func() (int, error) { return inspector.ArchiveAllAggregatingTasks("q", "g") }, 2},
		{"run group", func() (int, error) { return inspector.RunAllAggregatingTasks("q", "g") }, 0},
		{"delete group", func() (int, error) { return inspector.DeleteAllAggregatingTasks("q", "g") }, 0},
		{"delete pending", func() (int, error) { return inspector.DeleteAllPendingTasks("q") }, 5},
		{"delete queue", func() (int, error) { return 0, inspector.DeleteQueue("q", true) }, 0},
	} {
		if n, err := act.do(); n != act.want || err != nil {
			t.Errorf("%s: %d, %v; want %d", act.name, n, err, act.want)
		}
	}
	if n, err := rdb.DBSize(t.Context()).Result(); err != nil || n > 2 { // which queues there are, and a lock
		t.Errorf("%d keys left: %v, %v", n, rdb.Keys(t.Context(), "*").Val(), err)
	}
}

// of counts what a listing finds.
func of[T any](list func() ([]T, error)) func() (int, error) {
	return func() (int, error) {
		found, err := list()
		return len(found), err
	}
}
