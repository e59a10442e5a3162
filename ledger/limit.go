package ledger

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// FailureLimit is how many items of a batch may fail before it is paused: "N" items, or "P%" of the batch's current
// items, once a producer has committed it; "" for no limit. With "0", the first failure pauses it.
type FailureLimit string

// ErrFailureLimit means that a text is not a [FailureLimit].
var ErrFailureLimit = errors.New(`must be a number of items such as 10, a percentage such as 5% or 0.25%, or "none"`)

// noLimit is how users write that there is no limit.
const noLimit = "none"

// ParseFailureLimit parses a limit as users write it: a number, a percentage with at most two decimals, or none.
func ParseFailureLimit(text string) (FailureLimit, error) {
	if text == noLimit {
		return "", nil
	}
	if percent, is := strings.CutSuffix(text, "%"); is {
		return parsePercentage(percent)
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return "", ErrFailureLimit
	}
	return FailureLimit(strconv.FormatUint(n, 10)), nil
}

func parsePercentage(text string) (FailureLimit, error) {
	p, err := strconv.ParseFloat(text, 64)
	hundredths := math.Round(p * 100)
	if err != nil || !(p >= 0 && p <= 100) || math.Abs(p*100-hundredths) > 1e-6 || strings.ContainsAny(text, "xXeEpP_+-") {
		return "", ErrFailureLimit
	}
	return FailureLimit(strconv.FormatFloat(hundredths/100, 'f', -1, 64) + "%"), nil
}

// String returns the limit as users write it.
func (l FailureLimit) String() string {
	if l == "" {
		return noLimit
	}
	return string(l)
}
