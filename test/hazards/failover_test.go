package hazards

import (
	"errors"
	"net"
	"testing"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// A failover loses what the old master had acknowledged but not replicated: here the second half of a file, the commit of
// the batch, and every outcome. The batch is incomplete, so its producer knows to run again; then each item is sent under
// the token that it had.
func TestAcknowledgedWritesLostInAFailover(t *testing.T) {
	t.Parallel()
	const n = 60
	master := redistest.Start(t)
	host, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.Start(t, redistest.Lines("replicaof "+host+" "+port, "repl-diskless-sync-delay 0"))
	before := newFixture(t, open(t, master.URL()), "")
	before.applyPart(t, n/2)
	until(t, "the replica has it", often, func() bool {
		acked, err := before.rdb.Do(t.Context(), "WAIT", 1, 1000).Int()
		return err == nil && acked == 1
	})
	promoted := open(t, replica.URL())
	if err := promoted.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	before.apply(t, n)
	old := before.worker(t, "old")
	before.awaitDone(t)
	old.Stop()
	before.requireOnce(t, n, 1)
	master.Kill()

	after := before.movedTo(promoted)
	if b, err := after.ledger.Batch(t.Context(), batch); err != nil || b.Done() || b.Total != n/2 {
		t.Errorf("after the failover: %+v, %v", b, err)
	}
	after.apply(t, n)
	after.worker(t, "new")
	after.awaitDone(t)
	after.requireOnce(t, n, 1)
	if creates := len(after.sim.CallsOf("create")); creates != 2*n {
		t.Errorf("%d creates were sent for %d items, want each sent again", creates, n)
	}
}

var errKilled = errors.New("the producer is killed")

// applyPart is a producer of a longer file that dies after n items.
func (f *hazardFixture) applyPart(t *testing.T, n int) {
	t.Helper()
	producer := tasks.NewProducer(f.ledger, asynq.NewClientFromRedisClient(f.rdb), f.rdb)
	rows := func(yield func(tasks.Row, error) bool) {
		rowsOf(bj.Region, n)(yield)
		yield(tasks.Row{}, errKilled)
	}
	if err := producer.Apply(t.Context(), batch, ledger.Source{}, rows, nil); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
}

// A failover, or a flush, takes only the tasks, where queue and ledger live on different masters:
// workers find the items without one.
func TestTasksLostInAFailover(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		f.apply(t, 20)
		keys, err := f.rdb.Keys(t.Context(), "asynq:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.rdb.Del(t.Context(), keys...).Err(); err != nil {
			t.Fatal(err)
		}
		f.worker(t, "w")
		f.awaitDone(t)
		f.awaitEmptyQueue(t)
		f.requireOnce(t, 20, 1)
	})
}
