// Command enqueue measures how fast `enqueue apply` puts in a file, beside what a user would write with
// asynq alone: 64 goroutines that call Enqueue, which validate nothing and keep no ledger; and, where
// Redis is 3 ms away, one loop.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"havip/bench/lab"
)

const (
	goroutines = 64
	roundTrip  = 3 * time.Millisecond
	// serialTasks are enough to know how fast a loop goes that waits for each answer.
	serialTasks = 400
)

func main() {
	rows := flag.Int("rows", 100_000, "rows of the file")
	rounds := flag.Int("rounds", 5, "rounds, of which the median counts")
	flag.Parse()
	lab.Main(4*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		m := measurement{site: site, rows: *rows}
		var err error
		if m.file, err = site.Rows("bulk", *rows); err != nil {
			return err
		}
		if err := m.near(ctx, claims, *rounds); err != nil {
			return err
		}
		return m.far(ctx, claims, max(2, *rounds/2))
	})
}

type measurement struct {
	site *lab.Site
	file string
	rows int
}

// near compares on loopback.
func (m measurement) near(ctx context.Context, claims *lab.Claims, rounds int) error {
	var ratios, ours, theirs []float64
	for range rounds {
		bare, err := m.bare(ctx)
		if err != nil {
			return err
		}
		applied, err := m.apply(ctx, 0)
		if err != nil {
			return err
		}
		ratios, ours, theirs = append(ratios, applied/bare), append(ours, applied), append(theirs, bare)
	}
	claims.AtLeast(fmt.Sprintf("apply of %d rows to %d goroutines of bare asynq, loopback", m.rows, goroutines), ratios, 0.8,
		fmt.Sprintf("median rows/s: apply %.0f, bare %.0f", lab.Median(ours), lab.Median(theirs)))
	return nil
}

// far compares through a slow connection.
func (m measurement) far(ctx context.Context, claims *lab.Claims, rounds int) error {
	var ratios, ours, theirs []float64
	for range rounds {
		serial, err := m.serial(ctx)
		if err != nil {
			return err
		}
		applied, err := m.apply(ctx, roundTrip)
		if err != nil {
			return err
		}
		ratios, ours, theirs = append(ratios, applied/serial), append(ours, applied), append(theirs, serial)
	}
	claims.AtLeast(fmt.Sprintf("apply of %d rows to a loop of asynq, round trip of %v", m.rows, roundTrip), ratios, 30,
		fmt.Sprintf("median rows/s: apply %.0f, loop %.0f", lab.Median(ours), lab.Median(theirs)))
	return nil
}

// apply is the rows/s of the whole command, its start and its end included.
func (m measurement) apply(ctx context.Context, away time.Duration) (float64, error) {
	server, addr, release, err := m.redis(ctx, away)
	if err != nil {
		return 0, err
	}
	defer release()
	took, err := m.site.Enqueue(ctx, "redis://"+addr+"/0", io.Discard, "apply", m.file, "--yes")
	if err != nil {
		return 0, err
	}
	return took.Rate(m.rows), server.Require(ctx, "bulk", m.rows)
}

// redis is a fresh server, and the address of a way to it that takes so long.
func (m measurement) redis(ctx context.Context, away time.Duration) (server *lab.Redis, addr string, release func(), err error) {
	if server, err = m.site.Redis(ctx); err != nil {
		return nil, "", nil, err
	}
	if away == 0 {
		return server, server.Addr, server.Close, nil
	}
	slow, err := lab.NewSlow(ctx, server.Addr, away)
	if err != nil {
		server.Close()
		return nil, "", nil, err
	}
	return server, slow.Addr(), func() { slow.Close(); server.Close() }, nil
}
