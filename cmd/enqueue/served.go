package main

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"

	"havip/tasks"
)

// secondLook is how long a lane must be served by nobody for it to be told: workers say that they serve it
// every five seconds, and after a restart of Redis or a flush it takes them as long to say it again.
const (
	secondLook = 6 * time.Second
	lookAgain  = 250 * time.Millisecond
)

// isServed reports whether some worker takes tasks of the lane.
func isServed(s *session, l tasks.Lane) (bool, error) {
	servers, err := asynq.NewInspectorFromRedisClient(s.rdb).Servers()
	if err != nil {
		return false, err
	}
	for _, server := range servers {
		if _, ok := server.Queues[l.Queue()]; ok {
			return true, nil
		}
	}
	return false, nil
}

// staysUnserved reports that nobody serves the lane, once that has been so for a while.
func staysUnserved(ctx context.Context, s *session, l tasks.Lane) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, secondLook)
	defer cancel()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		served, err := isServed(s, l)
		if err != nil || served {
			return false, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.Is(ctx.Err(), context.DeadlineExceeded), nil
		}
	}
}
