package bce

import (
	"sync"
	"sync/atomic"
	"time"
)

// clockTolerance is how far the clock that signs may be from BCE's without being corrected. A signature
// outlives its request by more than that; see [signatureMargin].
const clockTolerance = 30 * time.Second

// clock is how far BCE's clock is ahead of ours, learned from the Date of its answers.
//
// A wrong offset makes every signature invalid, and a gateway may have set a Date. So one Date needs
// confirmation: by the local clock, by another answer, or by BCE's refusal of the signed date.
type clock struct {
	// offset is in nanoseconds.
	offset atomic.Int64

	mu sync.Mutex
	// suspected is an offset that one answer reported and none has confirmed.
	suspected    time.Duration
	hasSuspicion bool
}

// set sets a known offset.
func (c *clock) set(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset.Store(int64(offset))
	c.hasSuspicion = false
}

func (c *clock) get() time.Duration { return time.Duration(c.offset.Load()) }

// learn evaluates the Date of an answer that was read at the given local time, took after its request
// began. Refused reports that the answer refused the request for its date.
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
	case offset != 0 && near(offset, c.get()): // unchanged
		c.hasSuspicion = false
	case offset == 0, refused, c.hasSuspicion && near(offset, c.suspected):
		c.offset.Store(int64(offset))
		c.hasSuspicion = false
	default:
		c.suspected, c.hasSuspicion = offset, true
	}
}

// measure estimates the offset: BCE set the Date, in whole seconds rounded down, at some time during the
// request. It fails if the request took so long that the error may exceed half the tolerance.
func measure(date, read time.Time, took time.Duration) (offset time.Duration, ok bool) {
	spread := took + time.Second
	if date.IsZero() || took < 0 || spread > clockTolerance {
		return 0, false
	}
	return date.Sub(read) + spread/2, true
}

func near(a, b time.Duration) bool { return (a - b).Abs() < clockTolerance }
