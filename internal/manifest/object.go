package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"havip/tasks"
)

// parseObject reads one JSON value at rec.at, which should be a flat object of strings.
func parseObject(raw []byte, rec *record, report reporter) {
	if !json.Valid(raw) {
		rec.broken = true
		reportSyntax(raw, rec.at, report)
		return
	}
	m := members{raw: raw, at: rec.at, decoder: json.NewDecoder(bytes.NewReader(raw))}
	begin := m.skip(jsonSpace)
	if kind := kindOfJSON(raw[begin]); kind != kindObject {
		rec.broken = true
		report.at(m.where(begin), fmt.Sprintf("must be an object such as %s; found %s", exampleObject, kind))
		return
	}
	rec.at = m.where(begin)
	_, _ = m.decoder.Token() // the brace; a valid value gives no error
	for m.decoder.More() {
		m.field(rec, report)
	}
}

func reportSyntax(raw []byte, at position, report reporter) {
	var ignored json.RawMessage
	err := json.Unmarshal(raw, &ignored)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		end := min(max(int(syntax.Offset), 1), len(raw))
		if strings.HasPrefix(syntax.Error(), "unexpected end") {
			end = len(raw) + 1 // the fault is after the last byte
		}
		at = at.after(raw[:end-1])
		if end <= len(raw) && strings.HasSuffix(syntax.Error(), "in string literal") && raw[end-1] < ' ' && raw[end-1] != '\n' {
			remedy := "remove it" // no field accepts it, even escaped
			if raw[end-1] == '\t' {
				remedy = `write it as \t`
			}
			report.at(at, fmt.Sprintf("has %s in a string; %s", tasks.Character(rune(raw[end-1])), remedy))
			return
		}
	}
	report.at(at, fmt.Sprintf("is not a JSON object such as %s: %v", exampleObject, err))
}

// members iterates over a valid JSON object. Unlike encoding/json, it reports the positions of values, and fields that
// appear twice.
type members struct {
	raw     []byte
	decoder *json.Decoder
	// at is the position of byte known.
	at    position
	known int
}

const jsonSpace = " \t\r\n"

// where returns the position of a byte. Calls in ascending order cost one pass in total.
func (m *members) where(i int) position {
	m.at, m.known = m.at.after(m.raw[m.known:i]), i
	return m.at
}

// skip returns the index of the first byte after the last token that is none of these.
func (m *members) skip(these string) int {
	rest := m.raw[m.decoder.InputOffset():]
	return len(m.raw) - len(bytes.TrimLeft(rest, these))
}

// field reads one "name": value.
func (m *members) field(rec *record, report reporter) {
	nameAt := m.where(m.skip(jsonSpace + ","))
	token, _ := m.decoder.Token()
	name, _ := token.(string)
	var raw json.RawMessage
	_ = m.decoder.Decode(&raw)
	at := m.where(int(m.decoder.InputOffset()) - len(raw))

	col := columnOf(name)
	if isResult(name) {
		rec.result = true
		return
	}
	if col == noColumn {
		report.at(nameAt, unknown("field", name))
		rec.excuseNearest(name)
		return
	}
	value, kind := "", kindOfJSON(raw[0])
	if kind == kindString {
		_ = json.Unmarshal(raw, &value)
	}
	if !rec.set(col, value, at) {
		report.at(nameAt, fmt.Sprintf("field %q appears twice in the object; remove one", name))
		return
	}
	switch {
	case kind != kindString && kind != kindNull:
		report.field(at, col, string(raw), "must be a string in quotes; found "+string(kind))
		rec.excuse(col)
	case halfCharacter(raw):
		report.field(at, col, string(raw), `has an unpaired surrogate: a \u escape of a surrogate pair without the other one`)
		rec.excuse(col)
	}
}

// kind describes the type of a JSON value.
type kind string

const (
	kindObject  kind = "an object"
	kindArray   kind = "an array"
	kindString  kind = "a string"
	kindNumber  kind = "a number"
	kindBoolean kind = "true or false"
	kindNull    kind = "null"
)

// kindOfJSON returns a valid value's kind by its first byte.
func kindOfJSON(first byte) kind {
	switch first {
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

// halfCharacter reports whether a valid JSON value has an escape of half a surrogate pair, which encoding/json silently
// replaces with U+FFFD.
func halfCharacter(raw []byte) bool {
	for {
		_, escape, found := bytes.Cut(raw, []byte{'\\'})
		if !found {
			return false
		}
		raw = escape[1:]
		if escape[0] != 'u' || !utf16.IsSurrogate(hex4(escape[1:])) {
			continue
		}
		if !bytes.HasPrefix(escape[5:], []byte(`\u`)) || utf16.DecodeRune(hex4(escape[1:]), hex4(escape[7:])) == utf8.RuneError {
			return true
		}
		raw = escape[11:]
	}
}

// hex4 returns the value of four hexadecimal digits.
func hex4(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 16) // valid JSON has four digits
	return rune(n)
}
