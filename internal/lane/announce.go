package lane

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// announceEvery is how often a worker announces the rate that it was started with, unless it has so many lanes that it
	// would announce one more often than every announceOne.
	announceEvery = 10 * time.Second
	announceOne   = 2 * time.Second
	// announceValid is for how many intervals an announcement is valid.
	announceValid = 3
)

// announceInterval is that of each lane of a worker with so many.
func announceInterval(lanes int) time.Duration {
	return max(announceEvery, time.Duration(lanes)*announceOne)
}

var (
	announceScript  = script("announce")
	announcedScript = script("announced")
)

// Announce announces that a worker serves the lane, which is one of so many, and the rate that it was started with. The returned
// function repeats that until ctx ends, and then withdraws it. Without it, the lane works, so failures are reported and ignored.
func Announce(ctx context.Context, rdb redis.Cmdable, lane, worker string, rps float64, lanes int, report func(error)) (repeat func()) {
	every := announceInterval(lanes)
	announce := func(ctx context.Context, rate string) {
		ctx, cancel := context.WithTimeout(ctx, doneTimeout)
		defer cancel()
		if err := run(ctx, rdb, announceScript, lane, nil, worker, rate, millis(announceValid*every)).Err(); err != nil {
			report(fmt.Errorf("announce to lane %s: %w", lane, err))
		}
	}
	rate := strconv.FormatFloat(rps, 'f', -1, 64)
	announce(ctx, rate)
	return func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				announce(ctx, rate)
			case <-ctx.Done():
				announce(context.WithoutCancel(ctx), "")
				return
			}
		}
	}
}

// Configured is the rate that a worker was started with.
type Configured struct {
	Worker string
	RPS    float64
}

// Configured lists the workers that serve the lane, by name, with the rate that each was started
// with. Killed workers are listed for another half minute, or longer if they had more than five lanes.
func (o *Operator) Configured(ctx context.Context) ([]Configured, error) {
	words, err := run(ctx, o.rdb, announcedScript, o.lane, o.now, millis(announceValid*announceEvery)).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("workers of lane %s: %w", o.lane, err)
	}
	var found []Configured
	for pair := range slices.Chunk(words, 2) {
		rps, err := strconv.ParseFloat(pair[1], 64)
		if err != nil {
			return nil, fmt.Errorf("workers of lane %s: %w", o.lane, err)
		}
		found = append(found, Configured{Worker: pair[0], RPS: rps})
	}
	slices.SortFunc(found, func(a, b Configured) int { return cmp.Compare(a.Worker, b.Worker) })
	return found, nil
}
