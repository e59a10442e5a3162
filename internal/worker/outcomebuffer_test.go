package worker

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"havip/internal/spool"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
	"havip/test/bubbletest"
)

// sent begins a request of the item, and answers its outcome that nobody recorded.
func (f *membershipFixture) sent(t *testing.T, key string) tasks.PendingOutcome {
	t.Helper()
	start := f.begin(t, "w1", key, lifecycle.StartSend)
	rec := start.Item.Record
	outcome := ledger.Outcome{State: ledger.Created, Class: "created", Counted: true, Status: 200, HaVIPID: "havip-" + key, PrivateIPAddress: "10.0.0.1"}
	return tasks.PendingOutcome{Lane: bj, Batch: batch, Key: key, Send: rec.Sends, At: rec.LastSentAt, Worker: rec.Worker, Outcome: outcome}
}

func (f *membershipFixture) outcomeBuffer(t *testing.T, files *spool.Spool) *OutcomeBuffer {
	t.Helper()
	k, err := NewOutcomeBuffer(tasks.Recorder{Ledger: f.Ledger, Logger: zerolog.Nop()}, files, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func openSpool(t *testing.T) *spool.Spool {
	t.Helper()
	files, err := spool.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func left(t *testing.T, files *spool.Spool) []string {
	t.Helper()
	names, err := files.Names()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func (f *membershipFixture) expectState(t *testing.T, want ledger.State) {
	t.Helper()
	item, err := f.Item(t.Context(), batch, "a")
	if err != nil {
		t.Fatal(err)
	}
	if item.Record.State != want {
		t.Errorf("the item is %s, want %s", item.Record.State, want)
	}
}

// The worker that kept an outcome is killed; the next on its machine records it.
func TestKeeperLeavesOutcomesToTheNextProcess(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f, files := newMembershipFixture(t), openSpool(t)
		f.register(t, "a")
		f.outcomeBuffer(t, files).Add(t.Context(), f.sent(t, "a"))
		f.expectState(t, ledger.Sending)
		if left := f.outcomeBuffer(t, files).Flush(t.Context()); left != 0 {
			t.Errorf("%d left", left)
		}
		f.expectState(t, ledger.Created)
		if names := left(t, files); len(names) != 0 {
			t.Errorf("left %v", names)
		}
	})
}

// The item went on meanwhile under the same token: what is proved is proved, whenever it is said.
func TestKeptProofIsRecordedLate(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		f.register(t, "a")
		k := f.outcomeBuffer(t, nil)
		u := f.sent(t, "a")
		k.Add(t.Context(), u)
		if _, err := f.Release(t.Context(), batch, "a", u.Worker, time.Minute); err != nil {
			t.Fatal(err)
		}
		f.begin(t, "w2", "a", lifecycle.StartSend)
		if left := k.Flush(t.Context()); left != 0 {
			t.Errorf("%d left", left)
		}
		f.expectState(t, ledger.Created)
	})
}

// Another Redis, in which a batch and an item have the same names, did not begin that request.
func TestKeeperRecordsInNoOtherLedger(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f, other, files := newMembershipFixture(t), newMembershipFixture(t), openSpool(t)
		f.register(t, "a", "b")
		other.register(t, "a")
		other.step(time.Second)
		other.begin(t, "w1", "a", lifecycle.StartSend)
		k := f.outcomeBuffer(t, files)
		k.Add(t.Context(), f.sent(t, "a"))
		k.Add(t.Context(), f.sent(t, "b"))
		if left := other.outcomeBuffer(t, files).Flush(t.Context()); left != 0 {
			t.Errorf("%d are tried for ever", left)
		}
		other.expectState(t, ledger.Sending)
		if names := left(t, files); len(names) != 2 {
			t.Errorf("the outcomes are lost to their own ledger: left %v", names)
		}
		f.outcomeBuffer(t, files).Flush(t.Context())
		f.expectState(t, ledger.Created)
	})
}

// A task that is retried before the next regular try finds its own outcome recorded, whatever else is
// kept.
func TestKeeperRecordsOneItem(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f, files := newMembershipFixture(t), openSpool(t)
		f.register(t, "a", "b")
		k := f.outcomeBuffer(t, files)
		k.Add(t.Context(), f.sent(t, "a"))
		k.Add(t.Context(), f.sent(t, "b"))
		away := &OutcomeBuffer{recorder: tasks.Recorder{Ledger: awayLedger{f.Ledger}, Logger: zerolog.Nop()}, spool: files, log: zerolog.Nop(), pending: k.all()}
		if err := away.RecordItem(t.Context(), batch, "a"); err == nil {
			t.Error("nothing says that the outcome is still kept")
		}
		if err := away.RecordItem(t.Context(), batch, "c"); err != nil {
			t.Errorf("an item of which nothing is kept waits for Redis: %v", err)
		}
		if names := left(t, files); len(names) != 2 {
			t.Errorf("left %v, want both", names)
		}
		if err := k.RecordItem(t.Context(), batch, "a"); err != nil {
			t.Error(err)
		}
		f.expectState(t, ledger.Created)
		if names := left(t, files); len(names) != 1 {
			t.Errorf("left %v, want the other item's", names)
		}
	})
}

// A file that cannot be read keeps no worker from starting.
func TestKeeperPassesGarbageOver(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f, files := newMembershipFixture(t), openSpool(t)
		name, err := files.Put([]byte(`{"batch":`))
		if err != nil {
			t.Fatal(err)
		}
		if left := f.outcomeBuffer(t, files).Flush(t.Context()); left != 0 {
			t.Errorf("%d left", left)
		}
		if _, err := os.Stat(files.Path(name)); err != nil {
			t.Errorf("what a person must look at is gone: %v", err)
		}
	})
}

// While Redis is away nothing is forgotten.
func TestKeeperKeepsWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f, files := newMembershipFixture(t), openSpool(t)
		f.register(t, "a")
		k := f.outcomeBuffer(t, files)
		k.Add(t.Context(), f.sent(t, "a"))
		away := &OutcomeBuffer{recorder: tasks.Recorder{Ledger: awayLedger{f.Ledger}, Logger: zerolog.Nop()}, spool: files, log: zerolog.Nop(), pending: k.pending}
		if left := away.Flush(t.Context()); left != 1 {
			t.Errorf("%d left, want 1", left)
		}
		away.Close(t.Context())
		if names := left(t, files); len(names) != 1 {
			t.Errorf("left %v", names)
		}
		f.expectState(t, ledger.Sending)
	})
}

type awayLedger struct{ tasks.RecorderLedger }

func (awayLedger) Item(context.Context, string, string) (ledger.Item, error) {
	return ledger.Item{}, errors.New("connection refused")
}

// One item whose data is damaged keeps no other's outcome from being recorded.
func TestKeeperPassesDamageOver(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		f.register(t, "a", "b")
		k := f.outcomeBuffer(t, nil)
		k.Add(t.Context(), f.sent(t, "b"))
		k.Add(t.Context(), f.sent(t, "a"))
		if err := f.rdb.HSet(t.Context(), "havip:{"+batch+"}:records", "b", "garbage").Err(); err != nil {
			t.Fatal(err)
		}
		if left := k.Flush(t.Context()); left != 1 {
			t.Errorf("%d are kept on", left)
		}
		f.expectState(t, ledger.Created)
	})
}
