package tasks

import (
	"time"

	"havip/internal/jitter"
)

// The terms of retrying.
const (
	// RetryDelayFirst bounds the delay after the first failure.
	RetryDelayFirst = time.Second
	// RetryDelayCap bounds every delay, unless a worker is told otherwise. It keeps the time
	// between two sends far below the 24 hours after which BCE forgets a clientToken.
	RetryDelayCap = 15 * time.Minute
	// RetryHorizon ends the retries of an item this long after its first failure, well inside
	// the life of its token.
	RetryHorizon = 20 * time.Hour
	// TokenMaxAge is how long after the first send with an unknown outcome its token still
	// counts as alive. BCE keeps a token for 24 hours after it last received it; which of the
	// later sends it received is not known, and the rest is margin for clocks.
	TokenMaxAge = 20 * time.Hour
)

// RetryDelay is how long to wait before the next attempt, after n failures (n ≥ 1).
//
// It is exponential with full jitter: anything from 0 to 1 s · 2ⁿ⁻¹, at most longest. A server's
// Retry-After is honoured as the least delay, capped alike, and jittered upwards by up to a
// quarter, so that a fleet that was told the same second does not come back in the same second.
func RetryDelay(n int, retryAfter, longest time.Duration) time.Duration {
	ceiling := longest
	// 2^10 s passes the cap; a larger shift would overflow.
	if n = max(n, 1); n <= 10 {
		ceiling = min(RetryDelayFirst<<(n-1), longest)
	}
	delay := jitter.Below(ceiling + 1)
	if retryAfter > 0 {
		asked := min(retryAfter, longest)
		delay = max(delay, asked+jitter.Below(asked/4+1))
	}
	return min(delay, longest)
}
