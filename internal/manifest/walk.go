package manifest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// walk goes through valid JSON, byte by byte, and keeps the position of a place behind it.
type walk struct {
	raw []byte
	// i is where the walk is; at is the position of byte known.
	i, known int
	at       position
}

// here is the position of the walk. Asked in order, all questions cost one pass.
func (w *walk) here() position {
	w.at, w.known = w.at.after(w.raw[w.known:w.i]), w.i
	return w.at
}

func (w *walk) space() {
	for w.i < len(w.raw) && bytes.IndexByte([]byte(" \t\r\n"), w.raw[w.i]) >= 0 {
		w.i++
	}
}

// enter passes an opening brace, a comma or a colon, and the space behind it.
func (w *walk) enter() {
	w.i++
	w.space()
}

// kind is what a JSON value is, in words.
type kind string

const (
	kindObject  kind = "an object"
	kindArray   kind = "an array"
	kindString  kind = "a string"
	kindNumber  kind = "a number"
	kindBoolean kind = "true or false"
	kindNull    kind = "null"
)

// kind tells the value that begins here.
func (w *walk) kind() kind {
	switch w.raw[w.i] {
	case '{':
		return kindObject
	case '[':
		return kindArray
	case '"':
		return kindString
	case 't', 'f':
		return kindBoolean
	case 'n':
		return kindNull
	}
	return kindNumber
}

// value passes the value that begins here and returns its text.
func (w *walk) value() []byte {
	begin := w.i
	depth := 0
	for w.i < len(w.raw) {
		switch w.raw[w.i] {
		case '"':
			w.text()
			if depth == 0 {
				return w.raw[begin:w.i]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // it closes what a literal stands in
				return w.raw[begin:w.i]
			}
			if depth--; depth == 0 {
				w.i++
				return w.raw[begin:w.i]
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return w.raw[begin:w.i]
			}
		}
		w.i++
	}
	return w.raw[begin:]
}

// text passes a string in quotes.
func (w *walk) text() {
	for w.i++; w.raw[w.i] != '"'; w.i++ {
		if w.raw[w.i] == '\\' {
			w.i++
		}
	}
	w.i++
}

// unquote is the text of a valid JSON string. Without whole it has an escape of half a
// surrogate pair, which encoding/json replaces by U+FFFD without a word.
func unquote(raw []byte) (text string, whole bool) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), true
	}
	if json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	const replacement = "\uFFFD"
	meant := strings.Count(string(raw), replacement) + strings.Count(strings.ToLower(string(raw)), `\ufffd`)
	return text, strings.Count(text, replacement) <= meant
}
