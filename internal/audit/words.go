package audit

import (
	"slices"
	"strconv"
	"strings"
)

// maxExamples bounds how many names a sentence lists.
const maxExamples = 5

// examples lists the first of some names.
func examples(names []string) string {
	text := strings.Join(names[:min(len(names), maxExamples)], ", ")
	if len(names) > maxExamples {
		text += " and " + grouped(len(names)-maxExamples) + " more"
	}
	return text
}

// counted says a number with its noun, of which there are many with an s.
func counted(n int, noun string) string { return numbered(n, noun, noun+"s") }

// numbered says a number with the words for one or for many.
func numbered(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped groups the thousands of a number that is not negative.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// distinct returns the values that differ, in order of first appearance, with how often each came.
func distinct(values []string) []string {
	counts := map[string]int{}
	var order []string
	for _, value := range values {
		if counts[value]++; counts[value] == 1 {
			order = append(order, value)
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return counts[b] - counts[a] })
	for i, value := range order {
		if n := counts[value]; n > 1 {
			order[i] = value + " (" + grouped(n) + " times)"
		}
	}
	return order
}
