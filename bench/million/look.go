package main

import (
	"context"
	"fmt"
	"io"

	"havip/bench/lab"
)

// exitPending is the exit code of a watch that was given up.
const exitPending = 8

// status and watch cost the same for any batch.
func (m measurement) status(ctx context.Context) error {
	const quick = 10 // of a few milliseconds each
	return m.same(ctx, "status", quick*m.rounds, 0, func(batch string) []string { return []string{"status", batch} })
}

// watch looks for long enough to say why nothing moves, which no worker lets it.
func (m measurement) watch(ctx context.Context) error {
	return m.same(ctx, "watch", m.rounds, exitPending, func(batch string) []string { return []string{"watch", batch, "--timeout", "6s"} })
}

// cost is what a command takes of Redis and of its user.
type cost struct{ calls, micros, millis []float64 }

func (m measurement) same(ctx context.Context, what string, rounds, code int, args func(batch string) []string) error {
	costs := map[string]*cost{large: {}, handful: {}}
	for range rounds {
		for batch, c := range costs {
			if err := m.look(ctx, c, code, args(batch)); err != nil {
				return err
			}
		}
	}
	few, many := costs[handful], costs[large]
	m.claims.AtMost(what+" of the large batch to one of ten, commands of Redis", lab.Ratios(many.calls, few.calls), 1.1,
		fmt.Sprintf("%.0f and %.0f commands, %.0f and %.0f µs in Redis", lab.Median(many.calls), lab.Median(few.calls), lab.Median(many.micros), lab.Median(few.micros)))
	m.claims.AtMost(what+" of the large batch to one of ten, time", lab.Ratios(many.millis, few.millis), 1.5,
		fmt.Sprintf("%.0f and %.0f ms", lab.Median(many.millis), lab.Median(few.millis)))
	return nil
}

func (m measurement) look(ctx context.Context, c *cost, code int, args []string) error {
	var took lab.Took
	did, err := m.redis.Commands(ctx, func() (err error) {
		took, err = m.site.EnqueueTo(ctx, code, m.redis.URL(), io.Discard, args...)
		return err
	})
	c.calls, c.micros = append(c.calls, did.Calls), append(c.micros, did.Micros)
	c.millis = append(c.millis, float64(took.Time.Microseconds())/1000)
	return err
}
