package hazards

import (
	"errors"
	"testing"

	"github.com/hibiken/asynq"

	"havip/internal/worker"
	"havip/tasks"
)

// A task's ID is free again as soon as the task is done, and known to its queue alone: the ledger is
// what keeps the item from being created again.
func TestTaskIDIsNoLock(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		gz := tasks.Lane{Account: "default", Region: "gz"}
		f.worker(t, "w", worker.LaneConfig{Lane: bj, API: f.api}, worker.LaneConfig{Lane: gz, API: f.api})
		f.apply(t, 1)
		f.awaitEmptyQueue(t)

		f.foreign(t)
		f.foreign(t, asynq.Queue(gz.Queue()))
		until(t, "the stray is archived", seldom, func() bool {
			info, err := f.inspector.GetTaskInfo(gz.Queue(), firstTask)
			return err == nil && info.State == asynq.TaskStateArchived
		})
		if info := f.awaitEmptyQueue(t); info.Processed != 2 {
			t.Errorf("%d tasks of the item ran in its lane, want 2", info.Processed)
		}
		f.requireOnce(t, 1, 1)
		if calls := len(f.sim.CallsOf("create")); calls != 1 {
			t.Errorf("%d creates were sent, want 1", calls)
		}
	})
}

// A task's ID is locked while the task lies in the archive, and a producer that runs again can only
// take it for enqueued. A worker finds the item without a task that would run, and requeues it.
func TestTaskIDIsLockedWhileArchived(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		f.apply(t, 1)
		if err := f.inspector.ArchiveTask(bj.Queue(), firstTask); err != nil {
			t.Fatal(err)
		}
		task := asynq.NewTask(tasks.TypeCreate, nil, asynq.Queue(bj.Queue()), asynq.TaskID(firstTask))
		if _, err := asynq.NewClientFromRedisClient(f.rdb).EnqueueContext(t.Context(), task); !errors.Is(err, asynq.ErrTaskIDConflict) {
			t.Fatalf("an archived task's ID: %v, want a conflict", err)
		}
		f.apply(t, 1)
		f.worker(t, "w")
		f.awaitDone(t)
		f.awaitEmptyQueue(t)
		f.requireOnce(t, 1, 1)
	})
}
