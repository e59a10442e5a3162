// Package shell quotes words for a POSIX shell, so that a command in a message can be copied.
package shell

import (
	"strings"
	"unicode"
)

// Quote returns the word as a shell takes it, in quotes where it needs them.
func Quote(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./+:@%", r)
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
