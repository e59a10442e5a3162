package bce

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds, in bytes, of what an answer may put into an error: enough to read, too little to
// flood a log or a ledger.
const (
	maxMessage = 512
	maxWord    = 128
)

// clean makes text from outside fit for one line of a log: whatever is not printable
// becomes a space, runs of space become one, and at most limit bytes remain, ending in "…"
// when something was cut.
func clean(text string, limit int) string {
	// Cut generously first: a megabyte of markup need not be walked for half a kilobyte.
	if most := 8 * limit; len(text) > most {
		text = text[:most] + " "
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

// redactor removes what must not be repeated: a gateway or a signature error may echo the
// request's headers back at us.
type redactor struct{ hide *strings.Replacer }

// minRedacted is the length, in bytes, below which a word is no secret that anybody was
// given (a sandbox's "secret", say), and hiding it would only mangle messages.
const minRedacted = 8

// newRedactor hides each of the words.
func newRedactor(words ...string) redactor {
	var pairs []string
	for _, word := range words {
		if len(word) >= minRedacted {
			pairs = append(pairs, word, "[redacted]")
		}
	}
	return redactor{strings.NewReplacer(pairs...)}
}

// clean hides first and cuts after, so that no cut leaves half a secret behind.
func (r redactor) clean(text string, limit int) string {
	return clean(r.hide.Replace(text), limit)
}

// cause keeps an error's identity while its text goes out hidden.
func (r redactor) cause(err error) error {
	text := err.Error()
	if hidden := r.hide.Replace(text); hidden != text {
		return &redactedError{hidden, err}
	}
	return err
}

// redactedError is an error whose own text repeats what must not be repeated.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }
