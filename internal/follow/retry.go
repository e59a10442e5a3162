package follow

import (
	"context"
	"fmt"
	"time"

	"havip/internal/terminal"
)

const (
	// retryFor bounds the wait for a Redis that went away, asked again every retryEvery.
	retryFor   = 2 * time.Minute
	retryEvery = time.Second
)

// WithRetry calls read until it succeeds, for as long as its error is temporary: the batch goes on as soon
// as Redis is back. The first error is passed to notify.
func WithRetry[T any](ctx context.Context, temporary func(error) bool, notify func(error), read func() (T, error)) (T, error) {
	again := time.NewTicker(retryEvery)
	defer again.Stop()
	notified := false
	for failing := time.Now(); ; {
		answer, err := read()
		if err == nil || ctx.Err() != nil || !temporary(err) || time.Since(failing) > retryFor {
			return answer, err
		}
		if !notified {
			notified = true
			notify(err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}

// NotifyRetry returns the notify of [WithRetry] that writes a message.
func NotifyRetry(t *terminal.IO) func(error) {
	return func(err error) { t.Infof("%s", retryText(err)) }
}

func retryText(err error) string {
	return fmt.Sprintf("redis does not answer; still looking (%v)", err)
}
