package tasks

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hibiken/asynq"
)

// Postpone is what [Handler.ProcessTask] returns when the task should come again after a
// delay. It is not a failure for asynq: the ledger counts attempts. Where a foreign producer's
// MaxRetry makes asynq archive the task all the same, a worker's reconciler brings the item back.
type Postpone struct {
	After time.Duration
	// Reason is for people: asynq shows it as the task's last error.
	Reason string
}

func (p *Postpone) Error() string {
	return fmt.Sprintf("again in %s: %s", p.After.Round(time.Millisecond), p.Reason)
}

// errAgain is the decision to begin once more at once: what stood in the way is put right.
var errAgain error = &Postpone{Reason: "once more at once"}

// archive is the decision never to run the task again: asynq keeps it in its archive, with
// the reason.
func archive(err error) error { return fmt.Errorf("%w: %w", err, asynq.SkipRetry) }

// WasRefused reports whether the last error that asynq keeps of an archived task is such a decision:
// otherwise asynq archived it by itself.
func WasRefused(lastError string) bool { return strings.HasSuffix(lastError, asynq.SkipRetry.Error()) }

// IsFailure is the asynq configuration that belongs to [Handler]: only what the handler did
// not decide, such as a panic or an expired lease, is a failure.
func IsFailure(err error) bool {
	var postpone *Postpone
	return !errors.As(err, &postpone)
}

// RetryDelayFunc is the asynq configuration that belongs to [Handler]: it reads the delay
// from the decision. It never panics, which would end the process.
func RetryDelayFunc(n int, err error, _ *asynq.Task) time.Duration {
	var postpone *Postpone
	if errors.As(err, &postpone) {
		return dueInFull(time.Now(), postpone.After)
	}
	// An expired lease or a panic: the ledger knows whether a request was in flight.
	return RetryDelay(n+1, 0, RetryDelayCap)
}

// dueInFull lengthens a delay to the next full second of the clock: asynq keeps when a task is due in
// whole seconds, rounded down, and would bring it before its time. What is below a second is only
// jitter, and stays.
func dueInFull(now time.Time, delay time.Duration) time.Duration {
	if delay < time.Second {
		return delay
	}
	if early := now.Add(delay).Truncate(time.Second).Sub(now); early < delay {
		return early + time.Second
	}
	return delay
}
