package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"havip/bench/lab"
)

const (
	// clearWithin is how long cancel and delete may take for each million items, in seconds.
	clearWithin = 60.0
	// slowCommand is how long a command may keep Redis busy, and maxPing what a ping may take meanwhile, in milliseconds.
	slowCommand = 5 * time.Millisecond
	maxPing     = 5.0
)

// clear cancels the large batch and deletes it, while its tasks wait in front of those of a small one.
func (m measurement) clear(ctx context.Context) error {
	if err := m.stalls(ctx, "cancel", "cancel", large, "--yes"); err != nil {
		return err
	}
	_, tasks, err := m.redis.Count(ctx, large)
	if err != nil {
		return err
	}
	others := int64(mediumRows + handfulRows)
	m.claims.AtMost("tasks in the queue after cancel, to those of the other batches", []float64{float64(tasks) / float64(others)}, 1,
		fmt.Sprintf("%d tasks, %d of other batches", tasks, others))
	return m.stalls(ctx, "delete", "delete", large, "--yes")
}

// stalls runs a command, and claims what it may take and how long others may wait for Redis.
func (m measurement) stalls(ctx context.Context, what string, args ...string) error {
	var took lab.Took
	stalls, err := m.redis.Stalls(ctx, slowCommand, func() (err error) {
		took, err = m.site.Enqueue(ctx, m.redis.URL(), io.Discard, args...)
		return err
	})
	if err != nil {
		return err
	}
	m.claims.AtMost("seconds for a million items, "+what, []float64{took.Time.Seconds() * 1e6 / float64(m.rows)}, clearWithin,
		fmt.Sprintf("%.1f s for %d, %.0f MiB", took.Time.Seconds(), m.rows, took.Peak))
	detail := fmt.Sprintf("no command over %s", slowCommand)
	if stalls.Over > 0 {
		detail = fmt.Sprintf("%d commands over %s; the slowest took %.1f ms: %s", stalls.Over, slowCommand, stalls.Slowest, stalls.Command)
	}
	m.claims.AtMost("ms of a ping meanwhile, 99th percentile, "+what, []float64{stalls.Ping99}, maxPing, detail)
	return nil
}
