package queue

import (
	"context"
	"fmt"
	"time"
)

// SecondLook is how long nobody must serve a queue for it to be told. asynq's servers say that they do
// every five seconds; when Redis has forgotten it, as after a restart, it takes them as long to say it again.
const SecondLook = 6 * time.Second

// lookAgain spaces the looks.
const lookAgain = 250 * time.Millisecond

// Served reports whether some worker takes tasks of the queue, as far as Redis knows.
func (q *Queue) Served() (bool, error) {
	servers, err := q.inspector.Servers()
	if err != nil {
		return false, fmt.Errorf("servers of queue %s: %w", q.Lane.Queue(), err)
	}
	for _, server := range servers {
		if _, ok := server.Queues[q.Lane.Queue()]; ok {
			return true, nil
		}
	}
	return false, nil
}

// StaysUnserved reports whether nobody serves the queue during all of this time. It returns as soon as
// somebody does. The last look is after all of the time, so that a process that was stopped meanwhile
// does not report what it has not seen.
func (q *Queue) StaysUnserved(ctx context.Context, during time.Duration) (bool, error) {
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for begun := time.Now(); ; {
		over := time.Since(begun) >= during
		served, err := q.Served()
		if err != nil || served || over {
			return err == nil && !served, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
