package lab

import (
	"fmt"
	"slices"
)

// Claims are what a measurement holds the product to. Each is printed as it is checked.
type Claims struct{ failed int }

// AtLeast claims that got is no less than want.
func (c *Claims) AtLeast(what string, got, want float64, detail string) {
	c.record(got >= want, fmt.Sprintf("%s: %.2f, at least %.4g", what, got, want), detail)
}

// AtMost claims that got is no more than want.
func (c *Claims) AtMost(what string, got, want float64, detail string) {
	c.record(got <= want, fmt.Sprintf("%s: %.2f, at most %.4g", what, got, want), detail)
}

func (c *Claims) record(holds bool, claim, detail string) {
	word := "holds"
	if !holds {
		word = "FAILS"
		c.failed++
	}
	fmt.Printf("%s  %s (%s)\n", word, claim, detail)
}

// Median is the middle of the values; of an even number, the lower of the two in the middle.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// Spread tells the least and the greatest of the values.
func Spread(values []float64) string {
	return fmt.Sprintf("%.2f to %.2f in %d rounds", slices.Min(values), slices.Max(values), len(values))
}
