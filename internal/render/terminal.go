package render

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// ForTerminal returns a writer of JSON, NDJSON or CSV to a terminal: what the terminal would act on does not reach it,
// such as escape sequences and what turns the direction of text. Data that no person looks at is written without it.
//
// In JSON it becomes \u escapes, which leave the value as it is. CSV has no escapes, so that what is shown differs from
// the value: it is replaced, as in tables, and a line break within a cell becomes a space. That is what ls does with
// names, and for the same reason: to get the exact bytes, send them to a file or a program, where they stay as
// they are.
func ForTerminal(w io.Writer, format Format) io.Writer {
	return &terminalWriter{w: w, csv: format == CSV}
}

// TextForTerminal is [ForTerminal] for any text: lines and tabs stay, and what else a terminal would act on is replaced.
func TextForTerminal(w io.Writer) io.Writer { return &terminalWriter{w: w, text: true} }

type terminalWriter struct {
	w         io.Writer
	csv, text bool
	// quoted says that a CSV cell in quotes has begun and not ended.
	quoted bool
	// tail is the beginning of a character whose other bytes are still to come.
	tail []byte
}

func (t *terminalWriter) Write(p []byte) (int, error) {
	var b strings.Builder
	text := append(t.tail, p...)
	for len(text) > 0 && utf8.FullRune(text) {
		r, size := utf8.DecodeRune(text)
		t.write(&b, r)
		text = text[size:]
	}
	t.tail = append([]byte(nil), text...)
	if _, err := io.WriteString(t.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (t *terminalWriter) write(b *strings.Builder, r rune) {
	switch {
	case t.csv && r == '"':
		t.quoted = !t.quoted // a doubled quote ends a cell and begins it again
		b.WriteRune(r)
	case unicode.IsPrint(r), r == '\n' && !t.quoted:
		b.WriteRune(r)
	case t.text && r == '\t':
		b.WriteRune(r)
	case t.csv, t.text:
		b.WriteString(Printable(string(r)))
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}
