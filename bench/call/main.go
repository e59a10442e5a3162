// Command call measures what signing and one create cost the caller's CPU, beside Baidu's SDK (bce-sdk-go) and
// net/http alone.
package main

import (
	"context"
	"fmt"
	"time"

	"havip/bench/lab"
)

func main() {
	if _, is := lab.Serving(); is {
		serve()
		return
	}
	lab.Main(4*time.Minute, func(ctx context.Context, _ *lab.Site, claims *lab.Claims) error {
		if err := measureSigning(claims); err != nil {
			return err
		}
		return measureCalls(ctx, claims)
	})
}

// rounds is how often each is measured, in turns.
const rounds = 5

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

func claim(claims *lab.Claims, what string, all []float64, most float64) {
	claims.AtMost(what, lab.Median(all), most, fmt.Sprintf("the median of %s", lab.Spread(all)))
}
