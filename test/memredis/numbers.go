package memredis

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// parseInt reads an integer as strictly as Redis: no sign +, no leading zero, no blank.
func parseInt(text string) (int64, error) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || digits[0] == '0' && text != "0" {
		return 0, errNotInteger
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errNotInteger
	}
	return n, nil
}

func parseIndex(text string) (int, error) {
	n, err := parseInt(text)
	return int(n), err
}

func parseInts(texts ...string) ([]int, error) {
	numbers := make([]int, len(texts))
	for i, text := range texts {
		n, err := parseIndex(text)
		if err != nil {
			return nil, err
		}
		numbers[i] = n
	}
	return numbers, nil
}

func parseFloat(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsRune(text, '_') {
		return 0, errNotFloat
	}
	return f, nil
}

// formatFloat is C's %.17g, as Redis 7.0 answers scores.
func formatFloat(f float64) string { return formatG(f, 17) }

// formatG is C's %g with so many digits.
func formatG(f float64, digits int) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if n := int64(f); float64(n) == f && n > -1e14 && n < 1e14 && (n != 0 || !math.Signbit(f)) {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatFloat(f, 'g', digits, 64)
}

// bounds makes Redis's first and last index, which may count from the end, a half-open range of n elements.
func bounds(first, last, n int) (from, to int) {
	if first < 0 {
		first = max(first+n, 0)
	}
	if last < 0 {
		last += n
	}
	last = min(last, n-1)
	if first > last {
		return 0, 0
	}
	return first, last + 1
}

// addInt adds, and refuses to overflow.
func addInt(a, b int64) (int64, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return 0, Error("ERR increment or decrement would overflow")
	}
	return sum, nil
}

// addFloat adds in C's long double, in which Redis adds floats, and writes the sum as Redis does.
func addFloat(a, b string) (string, error) {
	const longDouble, digits = 64, 17
	sum, addend := new(big.Float).SetPrec(longDouble), new(big.Float).SetPrec(longDouble)
	if _, ok := sum.SetString(a); !ok {
		return "", errNotFloat
	}
	if _, ok := addend.SetString(b); !ok {
		return "", errNotFloat
	}
	if sum.IsInf() || addend.IsInf() {
		return "", Error("ERR increment would produce NaN or Infinity")
	}
	text := strings.TrimRight(sum.Add(sum, addend).Text('f', digits), "0")
	return strings.TrimSuffix(text, "."), nil
}
