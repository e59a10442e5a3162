// Package shell quotes words for a POSIX shell, so that a command in a message can be copied.
package shell

import (
	"slices"
	"strings"
	"unicode"
)

// Operand returns what a command takes an operand by, such as a batch or a file, quoted, and then the options, which are quoted
// already. An operand that begins with - would be taken for an option: it stands behind them, after --.
func Operand(word string, options ...string) string {
	words := append([]string{Quote(word)}, options...)
	if len(word) > 1 && word[0] == '-' { // - alone is standard input
		words = append(slices.Clone(options), "--", Quote(word))
	}
	return strings.Join(words, " ")
}

// Quote returns the word as a shell takes it, in quotes where it needs them.
func Quote(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./+:@%", r)
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
