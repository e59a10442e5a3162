package queue

import (
	"context"
	"errors"
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
// somebody does.
func (q *Queue) StaysUnserved(ctx context.Context, during time.Duration) (bool, error) {
	limited, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		served, err := q.Served()
		if err != nil || served {
			return false, err
		}
		select {
		case <-again.C:
		case <-limited.Done():
			return errors.Is(limited.Err(), context.DeadlineExceeded), ctx.Err()
		}
	}
}
