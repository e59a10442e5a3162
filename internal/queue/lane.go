package queue

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/tasks"
)

// Lane is the queues of one lane, one for each priority. The same workers serve all of them.
type Lane struct {
	rdb  redis.Cmdable
	lane tasks.Lane
	// Normal is the one of normal priority, and All are all of them.
	Normal *Queue
	All    []*Queue
}

// Of returns the queues of a lane. It does no I/O.
func Of(rdb redis.Cmdable, lane tasks.Lane) Lane {
	l := Lane{rdb: rdb, lane: lane}
	for _, p := range tasks.Priorities() {
		q := &Queue{Lane: lane, Priority: p, name: lane.QueueOf(p), rdb: rdb}
		if l.All = append(l.All, q); p == tasks.PriorityNormal {
			l.Normal = q
		}
	}
	return l
}

// Sizes counts the tasks of the lane in constant time.
func (l Lane) Sizes(ctx context.Context) (Sizes, error) {
	var sum Sizes
	for _, q := range l.All {
		s, err := q.Sizes(ctx)
		if err != nil {
			return Sizes{}, err
		}
		sum.Pending += s.Pending
		sum.Active += s.Active
		sum.Scheduled += s.Scheduled
		sum.Retry += s.Retry
		sum.Archived += s.Archived
	}
	return sum, nil
}

// PausedSince returns since when asynqmon or asynq's command line has paused a queue of the lane; see [Queue.PausedSince].
func (l Lane) PausedSince(ctx context.Context) (time.Time, error) {
	for _, q := range l.All {
		if since, err := q.PausedSince(ctx); err != nil || !since.IsZero() {
			return since, err
		}
	}
	return time.Time{}, nil
}

// Unpause ends asynq's pauses, and reports whether there was one.
func (l Lane) Unpause(ctx context.Context) (bool, error) {
	ended := false
	for _, q := range l.All {
		paused, err := q.Unpause(ctx)
		if err != nil {
			return ended, err
		}
		ended = ended || paused
	}
	return ended, nil
}
