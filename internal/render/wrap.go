package render

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// Wrap breaks text into lines of at most so many cells, between words where there are any: Chinese has
// none.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && runewidth.StringWidth(line)+1+runewidth.StringWidth(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		pieces := broken(word, width)
		lines, line = append(lines, pieces[:len(pieces)-1]...), pieces[len(pieces)-1]
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// broken is a word in pieces of at most so many cells, and at least one character.
func broken(word string, width int) []string {
	var pieces []string
	for runewidth.StringWidth(word) > width {
		head := runewidth.Truncate(word, max(width, 2), "")
		if head == "" || head == word {
			break
		}
		pieces, word = append(pieces, head), word[len(head):]
	}
	return append(pieces, word)
}
