// Package jitter is the chance in how long something waits, so that many do not come back at the same moment.
//
// All of it has one source, which a simulation gives a seed, so that a story can be told again.
package jitter

import (
	"math/rand/v2"
	"sync"
	"time"
)

var (
	mu sync.Mutex
	// seeded is nil while chance is the runtime's.
	seeded *rand.Rand
)

// Seed makes what follows, in the whole process, depend on the seed alone.
func Seed(seed uint64) {
	mu.Lock()
	defer mu.Unlock()
	seeded = rand.New(rand.NewPCG(seed, seed))
}

// Below returns a duration of at least 0 and below the limit, which is above 0.
func Below(limit time.Duration) time.Duration {
	mu.Lock()
	defer mu.Unlock()
	if seeded == nil {
		return rand.N(limit)
	}
	return time.Duration(seeded.Int64N(int64(limit)))
}
