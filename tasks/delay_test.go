package tasks

import (
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		n          int
		retryAfter time.Duration
		least      time.Duration
		most       time.Duration
	}{
		{"first", 1, 0, 0, time.Second},
		{"nothing failed yet", 0, 0, 0, time.Second},
		{"fifth", 5, 0, 0, 16 * time.Second},
		{"tenth", 10, 0, 0, 512 * time.Second},
		{"capped", 11, 0, 0, RetryDelayCap},
		{"far beyond any shift", 1 << 40, 0, 0, RetryDelayCap},
		{"asked to wait", 1, 20 * time.Second, 20 * time.Second, 25 * time.Second},
		{"asked for less than a back-off", 8, time.Second, time.Second, 128 * time.Second},
		{"asked for too much", 1, 24 * time.Hour, RetryDelayCap, RetryDelayCap},
		{"asked for a negative time", 1, -time.Second, 0, time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			seen := map[time.Duration]bool{}
			for range 2000 {
				d := RetryDelay(test.n, test.retryAfter, RetryDelayCap)
				if d < test.least || d > test.most {
					t.Fatalf("got %v, want %v to %v", d, test.least, test.most)
				}
				seen[d] = true
			}
			if test.least < test.most && len(seen) < 1000 {
				t.Errorf("only %d different delays in 2000: not jittered", len(seen))
			}
		})
	}
}

// The whole retry horizon keeps every gap between sends inside a token's life.
func TestDelaysKeepTokensAlive(t *testing.T) {
	t.Parallel()
	const tokenLife = 24 * time.Hour
	if RetryDelayCap*4 > TokenMaxAge {
		t.Errorf("a delay of %v is no small part of %v", RetryDelayCap, TokenMaxAge)
	}
	if TokenMaxAge+RetryDelayCap >= tokenLife || RetryHorizon >= tokenLife {
		t.Errorf("token age %v and horizon %v leave no margin to %v", TokenMaxAge, RetryHorizon, tokenLife)
	}
}
