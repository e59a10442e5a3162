package manifest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// separator separates the fields of a CSV row.
type separator byte

// separators are the supported ones; the first is the default.
var separators = [...]separator{',', ';', '\t', '|'}

// allSeparators has each of [separators], for strings.ContainsAny.
const allSeparators = ",;\t|"

// String returns the separator for messages.
func (s separator) String() string {
	if s == '\t' {
		return "a tab"
	}
	return "'" + string(rune(s)) + "'"
}

// declaration describes the line that declares the separator.
func (s separator) declaration() string {
	if s == '\t' {
		return "sep= and a tab"
	}
	return "sep=" + string(rune(s))
}

// others returns the separators that a file may have by mistake.
func (s separator) others() []separator {
	return slices.DeleteFunc(slices.Clone(separators[:]), func(other separator) bool { return other == s })
}

// declared returns the separator that a line such as sep=; declares. Excel and LibreOffice obey this line before the
// header, in either case, and LibreOffice also in quotes. If rule is not "", the separator is not supported.
func declared(line []byte) (s separator, rule string, is bool) {
	text := string(line)
	if unquoted, ok := strings.CutPrefix(text, `"`); ok {
		text = strings.TrimSuffix(unquoted, `"`)
	}
	const prefix = "sep="
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return 0, "", false
	}
	text = text[len(prefix):]
	if len(text) == 1 && slices.Contains(separators[:], separator(text[0])) {
		return separator(text[0]), "", true
	}
	return 0, fmt.Sprintf("declares the separator %s; write sep= and one of , ; | or a tab", quote(text)), true
}

// namesColumn reports whether a header, split at the separator, has a column's name, with or without quotes.
func (s separator) namesColumn(header []byte) bool {
	return slices.ContainsFunc(strings.Split(string(header), string(rune(s))), func(name string) bool {
		return sameButSpelling(strings.Trim(name, ` "'`))
	})
}

// split returns the fields that a row would have with this separator, as far as its quotes allow.
func (s separator) split(row []byte) []string {
	r := csv.NewReader(bytes.NewReader(row))
	r.Comma, r.LazyQuotes = rune(s), true
	fields, _ := r.Read()
	return fields
}

// headerSeparator reports a header that has another separator than the one in force. The separator of the first row
// shows whether only the header has it.
func (c *csvRows) headerSeparator(header []byte) (rule string, err error) {
	own := c.entries.separator
	if own.namesColumn(header) {
		return "", nil
	}
	for _, s := range own.others() {
		if !s.namesColumn(header) {
			continue
		}
		columns := len(s.split(header))
		row, err := c.entries.next() // ends the header's text
		if err != nil && !isEnd(err) {
			return "", err
		}
		switch {
		case len(own.split(row.text)) == columns && len(s.split(row.text)) != columns:
			return fmt.Sprintf("header's fields are separated by %s, those of the first row by %s; %s", s, own, either(own, s)), nil
		case c.declared:
			return fmt.Sprintf("fields are separated by %s, but the line before declares %s; change it to %s", s, own, s.declaration()), nil
		default:
			return fmt.Sprintf("fields are separated by %s; separate them by %s, or declare the separator in a line before the header: %s", s, own, s.declaration()), nil
		}
	}
	return "", nil
}

// rowSeparator returns another separator with which a row has the header's columns, or 0.
func (c *csvRows) rowSeparator(row []byte) separator {
	for _, s := range c.entries.separator.others() {
		if c.fits(s.split(row)) {
			return s
		}
	}
	return 0
}

// fits reports whether a row's fields match the header: their number does, and the required ones, whose valid values have
// no separators, have none.
func (c *csvRows) fits(values []string) bool {
	if len(values) != len(c.header) || len(values) < 2 {
		return false
	}
	for i, value := range values {
		if slices.Contains(required, c.header[i]) && strings.ContainsAny(value, allSeparators) {
			return false
		}
	}
	return true
}

// either says how to use one separator in the whole file.
func either(own, other separator) string {
	return fmt.Sprintf("separate both by %s, or both by %s below the line %s", own, other, other.declaration())
}

// mixedHeader reports a header field that contains another separator between columns.
func (s separator) mixedHeader(name string) string {
	for _, other := range s.others() {
		if strings.IndexByte(name, byte(other)) >= 0 && other.namesColumn([]byte(name)) {
			return fmt.Sprintf("columns %s are separated by %s, the others by %s; separate all by %s", quote(name), other, s, s)
		}
	}
	return ""
}

// byteOrderMark may be behind a declaration that was put before a whole file.
const byteOrderMark = "\uFEFF"
