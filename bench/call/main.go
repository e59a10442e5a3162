// Command call measures what signing and one create cost the caller's CPU, beside Baidu's SDK (bce-sdk-go) and
// net/http alone.
package main

import (
	"context"
	"flag"
	"time"

	"havip/bench/lab"
)

func main() {
	if _, is := lab.Serving(roleServer); is {
		serve()
		return
	}
	flag.IntVar(&rounds, "rounds", 5, "rounds of each, in turns")
	flag.IntVar(&calls, "calls", 10_000, "creates a round")
	flag.Parse()
	lab.Main(4*time.Minute, func(ctx context.Context, _ *lab.Site, claims *lab.Claims) error {
		if err := measureSigning(claims); err != nil {
			return err
		}
		return measureCalls(ctx, claims)
	})
}

// roleServer answers creates.
const roleServer = "creates"

// rounds is how often each is measured, in turns, and calls how many creates a round sends.
var rounds, calls int

// ratios runs both in turns and returns the first's cost to the second's.
func ratios(one, other func() (float64, error)) ([]float64, error) {
	var all []float64
	for range rounds {
		a, err := one()
		if err != nil {
			return nil, err
		}
		b, err := other()
		if err != nil {
			return nil, err
		}
		all = append(all, a/b)
	}
	return all, nil
}
