package audit

import (
	"slices"
	"strings"

	"havip/internal/words"
)

// maxExamples limits how many names a sentence lists.
const maxExamples = 5

// examples lists the first of some names.
func examples(names []string) string {
	text := strings.Join(names[:min(len(names), maxExamples)], ", ")
	if len(names) > maxExamples {
		text += " and " + words.Number(len(names)-maxExamples) + " more"
	}
	return text
}

// counted returns a number with its noun, whose plural ends in s.
func counted(n int, noun string) string { return words.Count(n, noun, noun+"s") }

// distinct returns the distinct values in order of first appearance, with their counts.
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
			order[i] = value + " (" + words.Number(n) + " times)"
		}
	}
	return order
}
