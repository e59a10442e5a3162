package tasks

import (
	"time"

	"havip/internal/jitter"
)

// The limits of retries.
const (
	// RetryDelayFirst bounds the delay after the first failure.
	RetryDelayFirst = time.Second
	// RetryDelayCap bounds every delay by default. It keeps the time between two sends far below the 24 hours after which BCE forgets a
	// clientToken.
	RetryDelayCap = 15 * time.Minute
	// RetryHorizon ends the retries of an item this long after its first failure, within the lifetime of its token.
	RetryHorizon = 20 * time.Hour
	// TokenMaxAge is how long after the first send of unknown outcome its token still counts as valid. BCE keeps a
	// token for 24 hours after it last received it. It is not known which of the later sends it received. The other
	// four hours are margin for clocks.
	TokenMaxAge = 20 * time.Hour
)

// RetryDelay returns how long to wait before the next attempt, after n failures (n ≥ 1).
//
// It is exponential with full jitter: from 0 to 1 s · 2ⁿ⁻¹, at most longest. A server's Retry-After is the minimum delay, also capped at
// longest, plus up to a quarter of jitter, so that workers with the same Retry-After do not retry in the same second.
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
