package audit

import (
	"context"
	"time"
)

const (
	// clockTolerance is how far this machine's clock may be from Redis's. asynq's leases last 30 s by each worker's own
	// clock: if clocks differ by half of that, a small delay makes one worker take another's live tasks for lost.
	clockTolerance = 15 * time.Second
	// bceTolerance is how far a clock may be from BCE's. Workers learn its clock from its answers.
	bceTolerance = 5 * time.Minute
	// readTolerance is the error of a clock that is read in whole seconds.
	readTolerance = 2 * time.Second
)

// clock compares this machine's clock with Redis's, which dates everything in the ledger.
func (x *examination) clock(ctx context.Context) error {
	before := x.Now()
	there, err := x.Redis.Time(ctx).Result()
	if err != nil {
		return err
	}
	after := x.Now()
	middle := before.Add(after.Sub(before) / 2)
	x.redisAhead = there.Sub(middle)
	text := "This machine's clock is " + offset(-x.redisAhead) + " Redis's."
	if x.redisAhead.Abs() <= clockTolerance {
		return x.report(note(CodeClock, "clock", "%s", text))
	}
	return x.report(warning(CodeClock, "clock", "%s", text).
		meaning("A worker on this machine would requeue other workers' tasks, or lose its own to them, and would retry at the wrong time. No HaVIP is created twice.",
			"Synchronize the clocks of all machines that run workers, and of Redis, with NTP."))
}

// offset describes how far one clock is from another.
func offset(ahead time.Duration) string {
	unit := time.Millisecond
	if ahead.Abs() >= time.Second {
		unit = time.Second
	}
	switch rounded := ahead.Round(unit); {
	case rounded > 0:
		return rounded.String() + " ahead of"
	case rounded < 0:
		return (-rounded).String() + " behind"
	}
	return "the same as"
}
