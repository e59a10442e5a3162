package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// parseObject reads one JSON value, which should be a flat object of strings, standing at
// rec.at. The syntax is judged by encoding/json; what it has passed is walked here, because
// encoding/json tells neither where a value stands nor that a field stands twice.
func parseObject(raw []byte, rec *record, report reporter) {
	if !json.Valid(raw) {
		rec.broken = true
		reportSyntax(raw, rec.at, report)
		return
	}
	w := walk{raw: raw, at: rec.at}
	w.space()
	if w.raw[w.i] != '{' {
		rec.broken = true
		report.at(w.here(), fmt.Sprintf("must be an object such as %s; found %s", exampleObject, w.kind()))
		return
	}
	rec.at = w.here()
	for w.enter(); w.raw[w.i] != '}'; w.enter() {
		w.field(rec, report)
		if w.space(); w.raw[w.i] == '}' {
			return
		}
	}
}

func reportSyntax(raw []byte, at position, report reporter) {
	var ignored json.RawMessage
	err := json.Unmarshal(raw, &ignored)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		end := min(max(int(syntax.Offset), 1), len(raw))
		if strings.HasPrefix(syntax.Error(), "unexpected end") {
			end = len(raw) + 1 // the fault is behind the last byte
		}
		at = at.after(raw[:end-1])
	}
	report.at(at, fmt.Sprintf("is not a JSON object such as %s: %v", exampleObject, err))
}

// field reads one "name": value and leaves the walk behind it.
func (w *walk) field(rec *record, report reporter) {
	nameAt := w.here()
	name, _ := unquote(w.value())
	w.space() // before the colon
	w.enter()
	at := w.here()
	kind := w.kind()
	raw := w.value()

	col := columnOf(name)
	if col == noColumn {
		report.at(nameAt, unknown("field", name))
		rec.excuseNearest(name)
		return
	}
	value, whole := "", true
	if kind == kindString {
		value, whole = unquote(raw)
	}
	if !rec.set(col, value, at) {
		report.at(nameAt, fmt.Sprintf("field %q stands in the object twice; remove one", name))
		return
	}
	switch {
	case kind != kindString && kind != kindNull:
		report.field(at, col, string(raw), "must be a string in quotes; found "+string(kind))
		rec.excuse(col)
	case !whole:
		report.field(at, col, string(raw), `has half a character: a \u escape of a surrogate pair without its other half`)
		rec.excuse(col)
	}
}
