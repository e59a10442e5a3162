// Package spelling finds what a misspelled word was most likely meant to be.
package spelling

import (
	"fmt"
	"strings"
)

// far is the distance from which a word is another word, and not the same one misspelled.
const far = 3

// Nearest is the known word that a misspelled one most likely means. Case, space, - and _ do not count.
// Of words that are equally near it is the first.
func Nearest(word string, known []string) (string, bool) {
	best, distance := "", far
	plain := plainOf(word)
	for _, candidate := range known {
		if d := within(plain, plainOf(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best, distance < far
}

// DidYouMean is "; did you mean X?", or nothing where no known word is near. Mark is what stands
// before X where it is used, such as the -- of a flag.
func DidYouMean(word, mark string, known []string) string {
	if near, found := Nearest(word, known); found {
		return fmt.Sprintf("; did you mean %s%s?", mark, near)
	}
	return ""
}

// Then goes on after a text that may end with DidYouMean: behind a question begins a new sentence.
func Then(text, next string) string {
	if strings.HasSuffix(text, "?") {
		return " " + strings.ToUpper(next[:1]) + next[1:]
	}
	return "; " + next
}

// OneOf is the rule that an unknown word breaks: what there is, and which was likely meant.
func OneOf[W ~string](word string, known []W) string {
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	return "must be one of " + strings.Join(words, ", ") + DidYouMean(word, "", words)
}

// Same says whether two words differ by no more than case, space, - and _.
func Same(a, b string) bool { return plainOf(a) == plainOf(b) }

// within is the distance between two words, or far where more than a third of the known word is misspelled: two mistakes in
// a word of four letters make it another word.
func within(word, known string) int {
	if len(word) > len(known)+far {
		return far // and a long word is not worth the work
	}
	if d := edits(word, known); d <= (len(known)+1)/3 {
		return d
	}
	return far
}

func plainOf(word string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(word))
}

// edits is the Damerau-Levenshtein distance between two short words, in bytes: two neighbors that changed places
// are one edit. No part of a word is edited twice (optimal string alignment).
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
