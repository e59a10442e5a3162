package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// redisPatience bounds the wait for a Redis that went away, asked again every redisRetry.
	redisPatience = 2 * time.Minute
	redisRetry    = time.Second
)

// patiently asks until there is an answer, for as long as the failure is one that may pass: what is followed
// goes on without us as soon as Redis is back, and so do we. The first failure is told.
func patiently[T any](ctx context.Context, passes func(error) bool, tell func(error), ask func() (T, error)) (T, error) {
	again := time.NewTicker(redisRetry)
	defer again.Stop()
	told := false
	for failing := time.Now(); ; {
		answer, err := ask()
		if err == nil || ctx.Err() != nil || !passes(err) || time.Since(failing) > redisPatience {
			return answer, err
		}
		if !told {
			told = true
			tell(err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}

// stillLooking is what is told meanwhile.
func stillLooking(err error) string {
	return fmt.Sprintf("redis does not answer; still looking (%v)", err)
}
