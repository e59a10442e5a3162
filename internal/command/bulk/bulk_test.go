package bulk

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
	"havip/test/commandtest"
)

// accepting takes the Redis of these tests, which reports nothing about its persistence.
var accepting = durability.Verifier{AllowVolatile: true, AllowUnverified: true}

// Cancel asks for --yes without a terminal, changes nothing with --dry-run, and then only what is chosen.
func TestCancel(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1", "web-2")
	canceled := func() int64 {
		b, err := f.Session.Ledger.Batch(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		return b.Counts[ledger.Canceled]
	}
	commandtest.WantCode(t, cancel(f.Factory, options{durable: accepting, batch: "b"}).run(t.Context()), cli.ExitUsage)
	commandtest.WantCode(t, cancel(f.Factory, options{durable: accepting, batch: "b", yes: true, where: []string{"color=red"}}).run(t.Context()), cli.ExitUsage)
	commandtest.WantCode(t, cancel(f.Factory, options{durable: accepting, batch: "none", yes: true}).run(t.Context()), cli.ExitUsage)
	rows := f.JSON(t, cancel(f.Factory, options{durable: accepting, batch: "b", dryRun: true}).runWith(t))
	if len(rows) != 1 || rows[0]["action"] != "cancel" || rows[0]["items"] != 2.0 || canceled() != 0 {
		t.Errorf("dry run: %v, %d canceled", rows, canceled())
	}
	f.JSON(t, cancel(f.Factory, options{durable: accepting, batch: "b", yes: true, where: []string{"key=web-1"}}).runWith(t))
	if canceled() != 1 {
		t.Errorf("%d canceled", canceled())
	}
}

func (v operation) runWith(t *testing.T) func() error {
	t.Helper()
	return func() error { return v.run(t.Context()) }
}

// A cancel that was killed after it had marked items of unknown outcome has not made their tasks run: the next one does.
func TestCancelAgain(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1")
	terms := ledger.BeginOptions{Worker: "w", Watched: ledger.Watched{Ticket: "t", For: time.Minute}, Lease: time.Minute, Request: time.Minute}
	if _, err := f.Session.Ledger.Begin(t.Context(), "b", "web-1", ledger.Known{}, terms); err != nil {
		t.Fatal(err)
	}
	unknown := ledger.Outcome{State: ledger.Unknown, Unknown: true, Counted: true, Class: "unknown", Message: "timeout"}
	if _, _, err := f.Session.Ledger.Record(t.Context(), "b", "web-1", ledger.Known{}, 1, unknown); err != nil {
		t.Fatal(err)
	}
	item, err := f.Session.Ledger.Item(t.Context(), "b", "web-1")
	if err != nil {
		t.Fatal(err)
	}
	inspector := asynq.NewInspectorFromRedisClient(redisconn.Full(f.Session.Redis))
	id := tasks.TaskID("b", "web-1", item.Record.Generation)
	if err := inspector.DeleteTask(tasks.QueueOf(item), id); err != nil {
		t.Fatal(err)
	}
	f.Cancel(t, "b")
	f.JSON(t, cancel(f.Factory, options{durable: accepting, batch: "b", yes: true}).runWith(t))
	if task, err := inspector.GetTaskInfo(tasks.QueueOf(item), id); err != nil || task.State != asynq.TaskStatePending {
		t.Errorf("the item's task: %+v, %v; it was to run", task, err)
	}
}

// Resolve takes a candidate of the item, refuses any other HaVIP, and may be repeated.
func TestResolve(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1", "web-2")
	for _, key := range []string{"web-1", "web-2"} {
		if _, _, err := f.Session.Ledger.Settle(t.Context(), "b", key, ledger.Review, "Candidates", "", lifecycle.Candidate{HaVIPID: "havip-1"}, lifecycle.Candidate{HaVIPID: "havip-2"}); err != nil {
			t.Fatal(err)
		}
	}
	run := func(key, haVIPID string) error {
		return resolve(f.Factory, resolveOptions{options: options{durable: accepting, batch: "b", yes: true}, key: key, haVIPID: haVIPID}).run(t.Context())
	}
	commandtest.WantCode(t, run("web-1", "havip-3"), cli.ExitUsage)
	commandtest.WantCode(t, run("web-3", "havip-1"), cli.ExitUsage)
	for range 2 {
		if err := run("web-1", "havip-1"); err != nil {
			t.Fatal(err)
		}
	}
	f.JSON(t, func() error { f.Stdout.Reset(); return run("web-2", "havip-1") })
	if err := run("web-2", ""); err != nil {
		t.Fatal(err)
	}
	commandtest.WantCode(t, run("web-2", "havip-2"), cli.ExitUsage)
	b, err := f.Session.Ledger.Batch(t.Context(), "b")
	if err != nil || b.Counts[ledger.Adopted] != 1 || b.Counts[ledger.Unknown] != 1 {
		t.Errorf("%v, %v", b.Counts, err)
	}
}
