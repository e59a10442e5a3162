package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/tasks"
)

var (
	discardScript        = script("discard")
	discardDelayedScript = script("discarddelayed")
)

const (
	// discardStep is how many tasks one step of a pass takes: it keeps Redis busy for one to three milliseconds.
	discardStep = 250
	// discardLease is how long after its last step a pass counts as abandoned.
	discardLease = 10 * time.Second
)

// DiscardFinished deletes the tasks of the batch's finished items that are in the queue, and returns how many. One that waits
// does nothing when it runs, but the tasks of others wait behind it; one that asynq keeps as completed or archived occupies its ID.
//
// asynq deletes a pending task by searching all of them for it. DiscardFinished moves every pending task once instead,
// in bounded steps, and leaves those that it keeps in their order, behind any that is added meanwhile. If less than minShare
// of the pending tasks are the batch's, it leaves them to the workers.
//
// A task that a worker takes meanwhile runs. An item that is retried meanwhile gets a task again.
func (q *Tasks) DiscardFinished(ctx context.Context, records *ledger.Ledger, batch string, minShare float64) (int, error) {
	d := discarding{Tasks: q, records: records, batch: batch, token: rand.Text()}
	err := d.run(ctx, minShare)
	if err != nil {
		err = fmt.Errorf("delete tasks of batch %q in queue %s: %w", batch, q.name, err)
	}
	return d.deleted, err
}

// discarding is one call of [Tasks.DiscardFinished].
type discarding struct {
	*Tasks
	records *ledger.Ledger
	batch   string
	// token identifies the pass to others.
	token   string
	deleted int
}

func (d *discarding) run(ctx context.Context, minShare float64) error {
	// Before the pending tasks, which these join when they are due.
	for _, name := range []string{"scheduled", "retry", "archived", "completed"} {
		if err := d.discardDelayed(ctx, d.Key(name)); err != nil {
			return err
		}
	}
	own, all, err := d.countPending(ctx)
	if err != nil || own == 0 || float64(own) < minShare*float64(all) {
		return err
	}
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	for {
		if done, err := d.pass(ctx); err != nil || done {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// discardDelayed deletes from a sorted set, from its end: what is deleted moves no task that is still to be read.
func (d *discarding) discardDelayed(ctx context.Context, set string) error {
	size, err := d.rdb.ZCard(ctx, set).Result()
	if err != nil {
		return err
	}
	for end := size; end > 0; end -= discardStep {
		ids, err := d.rdb.ZRange(ctx, set, max(0, end-discardStep), end-1).Result()
		if err != nil {
			return err
		}
		finished, err := d.finished(ctx, ids)
		if err != nil {
			return err
		}
		if len(finished) == 0 {
			continue
		}
		args := []any{d.taskPrefix()}
		for _, id := range finished {
			args = append(args, id)
		}
		deleted, err := discardDelayedScript.Run(ctx, d.rdb, []string{set}, args...).Int()
		if err != nil {
			return err
		}
		d.deleted += deleted
		if err := d.restore(ctx, finished); err != nil {
			return err
		}
	}
	return nil
}

// countPending counts the batch's pending tasks and all of them. It reads from the end where tasks are added, so that
// it misses none while workers take others.
func (d *discarding) countPending(ctx context.Context) (own, all int64, err error) {
	for {
		ids, err := d.rdb.LRange(ctx, d.Key("pending"), all, all+RangeSize-1).Result()
		if err != nil {
			return 0, 0, err
		}
		for _, id := range ids {
			if _, ours := tasks.KeyOfTask(d.batch, id); ours {
				own++
			}
		}
		if all += int64(len(ids)); len(ids) < RangeSize {
			return own, all, nil
		}
	}
}

// pass takes every pending task once. It reports false if another pass over the queue is under way.
func (d *discarding) pass(ctx context.Context) (done bool, err error) {
	left, err := d.rdb.LLen(ctx, d.Key("pending")).Result()
	if err != nil {
		return false, err
	}
	var ids, finished []string
	for left > 0 {
		after := left - int64(len(ids))
		s, err := d.step(ctx, ids, finished, min(after, discardStep))
		if err != nil || s.refused {
			return false, err
		}
		if err := d.restore(ctx, finished); err != nil {
			return false, err
		}
		if len(ids) == 0 && len(s.next) == 0 {
			break // workers took the rest
		}
		if s.taken > 0 { // else asynq requeued a task behind those that were read
			left = after
		}
		ids = s.next
		if finished, err = d.finished(ctx, ids); err != nil {
			return false, err
		}
	}
	_, err = d.step(ctx, nil, nil, 0)
	return err == nil, err
}

// step is what one step of a pass did.
type step struct {
	// refused reports that another pass is under way, and that the step did nothing.
	refused bool
	taken   int64
	// next are the IDs for the next step, the next to run last.
	next []string
}

// step takes the IDs from the pending tasks, deletes the finished ones, and reads the IDs of the next step. Reading none
// ends the pass.
func (d *discarding) step(ctx context.Context, ids, finished []string, read int64) (step, error) {
	args := []any{d.taskPrefix(), d.token, discardLease.Milliseconds(), read}
	chosen := map[string]bool{}
	for _, id := range finished {
		chosen[id] = true
	}
	for _, id := range ids {
		flag := "0"
		if chosen[id] {
			flag = "1"
		}
		args = append(args, id, flag)
	}
	answer, err := discardScript.Run(ctx, d.rdb, []string{d.Key("pending"), d.discardKey()}, args...).Slice()
	if errors.Is(err, redis.Nil) {
		return step{refused: true}, nil
	}
	if err != nil {
		return step{}, err
	}
	return d.decode(answer)
}

func (d *discarding) decode(answer []any) (step, error) {
	if len(answer) != 3 {
		return step{}, fmt.Errorf("unexpected answer %v from a script", answer)
	}
	taken, _ := answer[0].(int64)
	deleted, _ := answer[1].(int64)
	d.deleted += int(deleted)
	list, _ := answer[2].([]any)
	next := make([]string, len(list))
	for i, value := range list {
		next[i], _ = value.(string)
	}
	return step{taken: taken, next: next}, nil
}

// discardKey is the key of the queue's current pass. It shares the hash tag of asynq's keys.
func (q *Queue) discardKey() string { return "havip:{" + q.name + "}:discard" }

// finished returns those of the IDs that are of tasks of the batch's finished items.
func (d *discarding) finished(ctx context.Context, ids []string) ([]string, error) {
	var own, keys []string
	for _, id := range ids {
		if key, ours := tasks.KeyOfTask(d.batch, id); ours {
			own, keys = append(own, id), append(keys, key)
		}
	}
	finished, err := d.records.Finished(ctx, d.batch, keys)
	if err != nil {
		return nil, err
	}
	var chosen []string
	for i, id := range own {
		if finished[i] {
			chosen = append(chosen, id)
		}
	}
	return chosen, nil
}

// restore enqueues a task for each item that was retried since its task was chosen: the retry may have found that task,
// and added none. An item that is retried later gets a task by its retry.
func (d *discarding) restore(ctx context.Context, ids []string) error {
	finished, err := d.finished(ctx, ids)
	if err != nil || len(finished) == len(ids) {
		return err
	}
	var keys []string
	for _, id := range ids {
		if key, _ := tasks.KeyOfTask(d.batch, id); !slices.Contains(finished, id) {
			keys = append(keys, key)
		}
	}
	items, err := d.records.Some(ctx, d.batch, keys)
	var damaged *ledger.UnreadableError
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	for _, item := range items {
		if !NeedsTask(item) {
			continue
		}
		if _, err := Enqueue(ctx, d.rdb, item); err != nil {
			return err
		}
	}
	return nil
}
