package lab

import (
	"fmt"
	"slices"
)

// Claim is what a measurement holds the product to: a bound for the median of the rounds.
type Claim struct {
	// Case is the setting that it is of, if there are several.
	Case   string    `json:"case,omitempty"`
	What   string    `json:"what"`
	Values []float64 `json:"values"`
	// AtLeast is true if Bound is a lower bound.
	AtLeast bool    `json:"atLeast"`
	Bound   float64 `json:"bound"`
	Detail  string  `json:"detail,omitempty"`
}

// Holds reports whether the median is within the bound.
func (c Claim) Holds() bool {
	if c.AtLeast {
		return Median(c.Values) >= c.Bound
	}
	return Median(c.Values) <= c.Bound
}

// Figure is a measured value that nothing is claimed of: Metric of Who in a Case, once for each round.
type Figure struct {
	Case   string    `json:"case"`
	Who    string    `json:"who"`
	Metric string    `json:"metric"`
	Values []float64 `json:"values"`
}

// Claims records claims and figures. Each is printed when it is recorded.
type Claims struct {
	failed  int
	results *results
}

// AtLeast claims that the median of the rounds is no less than bound.
func (c *Claims) AtLeast(what string, rounds []float64, bound float64, detail string) {
	c.Check(Claim{What: what, Values: rounds, AtLeast: true, Bound: bound, Detail: detail})
}

// AtMost claims that the median of the rounds is no more than bound.
func (c *Claims) AtMost(what string, rounds []float64, bound float64, detail string) {
	c.Check(Claim{What: what, Values: rounds, Bound: bound, Detail: detail})
}

// Check records a claim.
func (c *Claims) Check(claim Claim) {
	word, relation := "holds", "at most"
	if !claim.Holds() {
		word = "FAILS"
		c.failed++
	}
	if claim.AtLeast {
		relation = "at least"
	}
	details := Spread(claim.Values)
	for _, more := range []string{claim.Case, claim.Detail} {
		if more != "" {
			details += "; " + more
		}
	}
	fmt.Printf("%s  %s: %.4g, %s %.4g (%s)\n", word, claim.What, Median(claim.Values), relation, claim.Bound, details)
	c.results.write(Result{Claim: &claim})
}

// Figure records a value without a bound.
func (c *Claims) Figure(f Figure) {
	fmt.Printf("       %s, %s: %s %.4g (%s)\n", f.Case, f.Who, f.Metric, Median(f.Values), Spread(f.Values))
	c.results.write(Result{Figure: &f})
}

// Median is the middle of the values; of an even number, the mean of the two in the middle.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Spread tells the least and the greatest of the values.
func Spread(values []float64) string {
	if len(values) == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%.4g to %.4g in %d rounds", slices.Min(values), slices.Max(values), len(values))
}

// Ratios divides round by round, so that what slows both down in a round cancels out. It is empty if one of them was not measured.
func Ratios(a, b []float64) (ratios []float64) {
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, a[i]/b[i])
	}
	return ratios
}
