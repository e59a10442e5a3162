package bce

import (
	"sync"
	"sync/atomic"
	"time"
)

// clockTolerance is how far the clock that signs may be from BCE's without being corrected. A signature
// outlives its request by more than that; see [signatureMargin].
const clockTolerance = 30 * time.Second

// clock is how far BCE's clock is ahead of ours, learnt from the Date of its answers.
//
// A wrong offset makes every signature wrong, so one Date is not enough: a gateway may have put it there.
// It takes a second witness: our own clock, another answer, or BCE's refusal of the date that was signed.
type clock struct {
	// offset is in nanoseconds.
	offset atomic.Int64

	mu sync.Mutex
	// suspected is what one answer said and no other has confirmed.
	suspected    time.Duration
	hasSuspicion bool
}

// set makes the offset what the caller knows it to be.
func (c *clock) set(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset.Store(int64(offset))
	c.hasSuspicion = false
}

func (c *clock) get() time.Duration { return time.Duration(c.offset.Load()) }

// learn takes in the Date of an answer that was read at a moment of our clock, took after its request
// began. Refused says that the answer refused the request for its date.
func (c *clock) learn(date, read time.Time, took time.Duration, refused bool) {
	offset, measured := measure(date, read, took)
	if !measured {
		return
	}
	if offset.Abs() < clockTolerance {
		offset = 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case offset != 0 && near(offset, c.get()): // as known
		c.hasSuspicion = false
	case offset == 0, refused, c.hasSuspicion && near(offset, c.suspected):
		c.offset.Store(int64(offset))
		c.hasSuspicion = false
	default:
		c.suspected, c.hasSuspicion = offset, true
	}
}

// measure estimates the offset: BCE dated its answer, in whole seconds rounded down, at some moment while
// we waited for it. An answer that took so long that the estimate may be wrong by more than half of what is
// tolerated measures nothing.
func measure(date, read time.Time, took time.Duration) (offset time.Duration, ok bool) {
	spread := took + time.Second
	if date.IsZero() || took < 0 || spread > clockTolerance {
		return 0, false
	}
	return date.Sub(read) + spread/2, true
}

func near(a, b time.Duration) bool { return (a - b).Abs() < clockTolerance }
