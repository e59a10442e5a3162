package bce

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits, in bytes, of an answer's texts in an error, to keep logs and the ledger small.
const (
	maxMessage = 512
	maxWord    = 128
)

// clean makes foreign text safe for one line of a log: unprintable characters become spaces, runs
// of spaces become one, and text over limit bytes is cut and ends in "…".
func clean(text string, limit int) string {
	if len(text) <= limit && isHeaderWord(text) {
		return text
	}
	// Cut to a multiple of the limit first: a megabyte of markup is slow to clean.
	if enough := 8 * limit; len(text) > enough {
		text = text[:enough] + " "
	}
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	const mark = "…"
	end := max(limit-len(mark), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// redactor removes secrets from texts: a gateway or a signature error may echo the request's headers. The words are
// removed in their order: a signature is part of its header.
type redactor struct{ words [4]string }

// minRedacted is the minimum length, in bytes, of a real secret. Shorter ones (a sandbox's "secret")
// are ordinary words in messages.
const minRedacted = 8

func (r redactor) hide(text string) string {
	for _, word := range r.words {
		if len(word) >= minRedacted {
			text = strings.ReplaceAll(text, word, "[redacted]")
		}
	}
	return text
}

// clean hides secrets before it cuts, so that no part of a secret remains.
func (r redactor) clean(text string, limit int) string {
	return clean(r.hide(text), limit)
}

// cause hides secrets in an error's text and keeps the error for errors.Is.
func (r redactor) cause(err error) error {
	text := err.Error()
	if hidden := r.hide(text); hidden != text {
		return &redactedError{hidden, err}
	}
	return err
}

// redactedError replaces the text of an error that contains a secret.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }
