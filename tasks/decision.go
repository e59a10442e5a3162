package tasks

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hibiken/asynq"
)

// Postpone is what [Handler.ProcessTask] returns to retry the task after a delay. asynq does not count it as a failure,
// because the ledger counts attempts. If a foreign producer's MaxRetry makes asynq archive the task, the reconciler
// enqueues the item again.
type Postpone struct {
	After time.Duration
	// Reason is shown by asynq as the task's last error.
	Reason string
}

func (p *Postpone) Error() string {
	return fmt.Sprintf("retry in %s: %s", p.After.Round(time.Millisecond), p.Reason)
}

// errAgain is the decision to retry immediately, because the obstacle is removed.
var errAgain error = &Postpone{Reason: "retry immediately"}

// archive is the decision never to run the task again: asynq archives it with the reason.
func archive(err error) error { return fmt.Errorf("%w: %w", err, asynq.SkipRetry) }

// WasRefused reports whether the handler archived the task with this last error. Otherwise asynq archived it.
func WasRefused(lastError string) bool { return strings.HasSuffix(lastError, asynq.SkipRetry.Error()) }

// IsFailure is the asynq option for a server of [Handler]: only an error that the handler did not decide, such as a
// panic or an expired lease, is a failure.
func IsFailure(err error) bool {
	var postpone *Postpone
	return !errors.As(err, &postpone)
}

// RetryDelayFunc is the asynq option for a server of [Handler]: it returns the delay of the decision. It never panics,
// because that would end the process.
func RetryDelayFunc(n int, err error, _ *asynq.Task) time.Duration {
	var postpone *Postpone
	if errors.As(err, &postpone) {
		return dueInFull(time.Now(), postpone.After)
	}
	// An expired lease or a panic: the ledger knows whether a request was in flight.
	return RetryDelay(n+1, 0, RetryDelayCap)
}

// dueInFull lengthens a delay to the next full second: asynq stores the due time in whole seconds, rounded down, and
// would run the task too early. Delays below a second are only jitter and stay.
func dueInFull(now time.Time, delay time.Duration) time.Duration {
	if delay < time.Second {
		return delay
	}
	if early := now.Add(delay).Truncate(time.Second).Sub(now); early < delay {
		return early + time.Second
	}
	return delay
}
