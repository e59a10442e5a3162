package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/tasks"
)

// UnservedAfter is how long a lane must be unserved to be reported. Workers send a heartbeat every two seconds, and with
// the first one after Redis lost its data they describe themselves again.
const UnservedAfter = 5 * time.Second

// pollInterval is the time between two checks.
const pollInterval = 250 * time.Millisecond

// Serving returns the lanes that workers serve whose last heartbeat is at most this old. asynq's own list of servers
// would leave out lanes whose servers sleep because there are no tasks.
func Serving(ctx context.Context, rdb redis.Cmdable, age time.Duration) (map[tasks.Lane]bool, error) {
	workers, err := ledger.New(rdb).RecentWorkerInfos(ctx, age)
	if err != nil {
		return nil, fmt.Errorf("lanes of workers: %w", err)
	}
	lanes := map[tasks.Lane]bool{}
	for _, worker := range workers {
		for _, served := range worker.Lanes {
			if lane, err := tasks.ParseLane(served.Lane); err == nil {
				lanes[lane] = true
			}
		}
	}
	return lanes, nil
}

// ServedNow reports whether some worker serves the lane, as far as Redis knows.
func (l Lane) ServedNow(ctx context.Context) (bool, error) {
	lanes, err := Serving(ctx, l.rdb, ledger.SilentAfter)
	return lanes[l.lane], err
}

// StaysUnserved reports whether no worker serves the lane for the whole time. It returns as soon as one
// does. The last check is at the end of the time, so that a process that was suspended meanwhile gives no
// wrong report.
func (l Lane) StaysUnserved(ctx context.Context, during time.Duration) (bool, error) {
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	for begun := time.Now(); ; {
		over := time.Since(begun) >= during
		served, err := l.ServedNow(ctx)
		if err != nil || served || over {
			return err == nil && !served, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
