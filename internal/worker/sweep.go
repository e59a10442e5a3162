package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"

	"havip/tasks"
)

// The terms of sweeping asynq's archive, where tasks end that cannot be carried out. asynq trims it
// at 9,999 without a trace, and above about 8,000 aged entries its script for archiving fails, and
// with it every later archive.
const (
	// archiveKept is how many archived tasks of a lane are left for people to look at.
	archiveKept = 900
	// sweptARound bounds one round.
	sweptARound = 100
)

// sweepArchive deletes the oldest archived tasks above what is kept. The log keeps of each why it
// was archived; an item of the ledger is not touched by it.
func (r *reconciler) sweepArchive(ctx context.Context, lane tasks.Lane) error {
	archive := "asynq:{" + lane.Queue() + "}:archived"
	size, err := r.rdb.ZCard(ctx, archive).Result()
	if err != nil {
		return fmt.Errorf("archive of lane %s: %w", lane, err)
	}
	excess := min(size-archiveKept, sweptARound)
	if excess <= 0 {
		return nil
	}
	oldest, err := r.rdb.ZRange(ctx, archive, 0, excess-1).Result()
	if err != nil {
		return fmt.Errorf("archive of lane %s: %w", lane, err)
	}
	for _, id := range oldest {
		if err := r.forget(lane, id); err != nil {
			return err
		}
	}
	r.log.Warn().Stringer("lane", lane).Int64("archived", size).Int("deleted", len(oldest)).
		Msg("asynq's archive is long: a producer may be enqueueing tasks that cannot be carried out")
	return nil
}

// forget deletes one archived task, with its reason in the log.
func (r *reconciler) forget(lane tasks.Lane, id string) error {
	info, err := r.inspector.GetTaskInfo(lane.Queue(), id)
	if err == nil {
		r.log.Info().Stringer("lane", lane).Str("task", id).Str("reason", info.LastErr).Msg("archived task deleted")
		err = r.inspector.DeleteTask(lane.Queue(), id)
	}
	if err != nil && !errors.Is(err, asynq.ErrTaskNotFound) && !errors.Is(err, asynq.ErrQueueNotFound) {
		return fmt.Errorf("delete archived task %s of lane %s: %w", id, lane, err)
	}
	return nil
}
