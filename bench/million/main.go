// Command million measures what a batch of a million costs: the memory of `enqueue plan`, `apply` and
// `results`, the commands that `status` and `watch` send, and Redis's memory for each item. It compares
// with small batches in the same Redis.
package main

import (
	"context"
	"flag"
	"time"

	"havip/bench/lab"
)

// The batches: the large one, one for constant memory to be compared with, and a handful.
const (
	large   = "large"
	medium  = "medium"
	handful = "handful"

	mediumRows  = 10_000
	handfulRows = 10
)

func main() {
	rows := flag.Int("rows", 1_000_000, "rows of the large batch")
	rounds := flag.Int("rounds", 2, "rounds of what is measured by its time")
	flag.Parse()
	lab.Main(15*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		redis, err := site.Redis(ctx)
		if err != nil {
			return err
		}
		defer redis.Close()
		m := measurement{site: site, redis: redis, claims: claims, rows: *rows, rounds: *rounds}
		for _, step := range []func(context.Context) error{m.put, m.status, m.watch, m.results, m.list, m.clear} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

type measurement struct {
	site         *lab.Site
	redis        *lab.Redis
	claims       *lab.Claims
	rows, rounds int
}
