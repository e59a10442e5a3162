package audit

import (
	"context"
	"fmt"

	"havip/internal/queue"
	"havip/internal/words"
)

// newestReasons is how many archived tasks' reasons are read.
const newestReasons = 10

// archive reports tasks that asynq archived: they no longer run, and their IDs cannot be used.
func (x *examination) archive(ctx context.Context, q *queue.Tasks) error {
	size, err := q.Sizes(ctx)
	if err != nil || size.Archived == 0 {
		return err
	}
	reasons, err := x.reasons(ctx, q)
	if err != nil {
		return err
	}
	d := warning(CodeArchived, q.Subject(), "%s archived; reasons of the newest: %s.",
		words.Count(int(size.Archived), "task is", "tasks are"), examples(distinct(reasons))).
		meaning("They no longer run. Unreadable tasks come from a foreign producer; asynq archives others after too many retries, and workers requeue their items.",
			"Fix the foreign producer. `enqueue doctor --fix` deletes archived tasks of finished items, and requeues unfinished items.")
	if x.Fix {
		if d, err = x.clearArchive(ctx, q, d, size.Archived); err != nil {
			return err
		}
	}
	return x.report(d)
}

func (x *examination) reasons(ctx context.Context, q *queue.Tasks) ([]string, error) {
	newest, err := q.Archived(ctx, -newestReasons, -1)
	if err != nil {
		return nil, err
	}
	var reasons []string
	for i := range newest {
		task, found, err := q.Task(newest[len(newest)-1-i])
		if err != nil {
			return nil, err
		}
		if found {
			reasons = append(reasons, textOf(task.LastError).shown())
		}
	}
	return reasons, nil
}

// clearArchive deletes or requeues archived tasks, and keeps those that need an operator's review.
func (x *examination) clearArchive(ctx context.Context, q *queue.Tasks, d Diagnosis, archived int64) (Diagnosis, error) {
	ids, err := q.Archived(ctx, 0, queue.RangeSize-1)
	if err != nil {
		return d, err
	}
	fates := map[queue.Fate]int{}
	for _, id := range ids {
		fate, err := q.Settle(ctx, id, x.ledger)
		if err != nil {
			return d, err
		}
		fates[fate]++
	}
	deleted, again := fates[queue.Deleted]+fates[queue.Replaced], fates[queue.Replaced]+fates[queue.Revived]
	if cleared := deleted + fates[queue.Revived] + fates[queue.Vanished]; cleared > 0 {
		d.Repaired = fmt.Sprintf("Deleted %s; requeued %s.", counted(deleted, "task"), counted(again, "item"))
		d.left = int64(cleared) < archived
	}
	return d, nil
}
