package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/mattn/go-runewidth"

	"havip/internal/lane"
	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

// sayHolds tells what is held back in any lane, and why: a batch that does not move for it shows
// nothing else of it.
func (a *app) sayHolds(ctx context.Context, s *session) error {
	queues, err := asynq.NewInspectorFromRedisClient(s.rdb).Queues()
	if err != nil {
		return fmt.Errorf("queues: %w", err)
	}
	for _, queue := range queues {
		l, ok := laneOf(queue)
		if !ok {
			continue
		}
		holds, err := lane.NewBreaker(s.rdb, l.String()).Holds(ctx)
		if err != nil {
			return err
		}
		for _, hold := range holds {
			what := "lane " + l.String()
			if hold.SubnetID != "" {
				what = "subnet " + hold.SubnetID + " of " + what
			}
			message := runewidth.Truncate(render.Printable(hold.Message), maxReason, "…")
			a.say("%s is held back since %s, after %s: %s: %s", what, ago(ledger.Millis(hold.Since.UnixMilli()), time.Now()),
				count(hold.Failures, "refusal", "refusals"), render.Printable(hold.Code), message)
		}
	}
	return nil
}

// laneOf reads a lane's queue back. An account holds no dot, nor does a region.
func laneOf(queue string) (tasks.Lane, bool) {
	parts := strings.Split(queue, ".")
	if len(parts) != 3 {
		return tasks.Lane{}, false
	}
	l, err := tasks.ParseLane(parts[1] + "/" + parts[2])
	return l, err == nil && l.Queue() == queue
}
