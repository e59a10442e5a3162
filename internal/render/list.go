package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// List says how records of a type are shown. JSON and NDJSON follow the type's own tags.
type List[R any] struct {
	// Lines is whether a JSON array has a record a line, rather than a field a line.
	Lines bool
	// Head are the columns of CSV, and Record is a record's cells.
	Head   []string
	Record func(R) []string
	// Grid makes the table, and Row writes a record into it.
	Grid func(w io.Writer, width int) *Grid
	Row  func(*Grid, R) error
}

// Writer writes records one by one; Close ends the document.
type Writer[R any] interface {
	Write(r R) error
	// Flush writes what is held back so far. The widths of a table's columns are fixed by then.
	Flush() error
	Close() error
}

// Writer returns a writer of the style.
func (l List[R]) Writer(w io.Writer, style Style) Writer[R] {
	switch style.Format {
	case JSON:
		return &jsonWriter[R]{w: bufio.NewWriter(w), fields: style.Fields, lines: l.Lines}
	case NDJSON:
		return &ndjsonWriter[R]{w: bufio.NewWriter(w), fields: style.Fields}
	case CSV:
		return csvWriter[R]{NewRecords(w, style.Guarded, l.Head...), l.Record}
	case Table:
	}
	return tableWriter[R]{l.Grid(w, style.Width), l.Row}
}

// NewEncoder returns an encoder that writes text as it is, without escapes for HTML.
func NewEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// encode writes a record, or the fields of it that are asked for, and ends the line.
func encode[R any](enc *json.Encoder, r R, fields []string) error {
	if fields == nil {
		return enc.Encode(r)
	}
	picked, err := Pick(r, fields)
	if err != nil {
		return err
	}
	return enc.Encode(picked)
}

// ndjsonWriter writes one object a line.
type ndjsonWriter[R any] struct {
	w      *bufio.Writer
	fields []string
}

func (n *ndjsonWriter[R]) Write(r R) error { return encode(NewEncoder(n.w), r, n.fields) }
func (n *ndjsonWriter[R]) Flush() error    { return n.w.Flush() }
func (n *ndjsonWriter[R]) Close() error    { return n.w.Flush() }

// jsonWriter writes one array.
type jsonWriter[R any] struct {
	w      *bufio.Writer
	fields []string
	lines  bool
	rows   int
}

func (j *jsonWriter[R]) Write(r R) error {
	var row bytes.Buffer
	enc := NewEncoder(&row)
	opening, next := "[", ","
	if !j.lines {
		const indent = "  "
		enc.SetIndent(indent, indent)
		opening, next = "[\n"+indent, ",\n"+indent
	}
	if err := encode(enc, r, j.fields); err != nil {
		return err
	}
	text := row.Bytes()
	if !j.lines {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	if j.rows > 0 {
		opening = next
	}
	j.rows++
	if _, err := j.w.WriteString(opening); err != nil {
		return err
	}
	_, err := j.w.Write(text)
	return err
}

func (j *jsonWriter[R]) Flush() error { return j.w.Flush() }

func (j *jsonWriter[R]) Close() error {
	closing := "]\n"
	switch {
	case j.rows == 0:
		closing = "[]\n"
	case !j.lines:
		closing = "\n]\n"
	}
	if _, err := j.w.WriteString(closing); err != nil {
		return err
	}
	return j.w.Flush()
}

// csvWriter writes a header, and a record a line.
type csvWriter[R any] struct {
	*Records
	record func(R) []string
}

func (c csvWriter[R]) Write(r R) error { return c.Records.Write(c.record(r)...) }

// tableWriter writes aligned columns.
type tableWriter[R any] struct {
	*Grid
	row func(*Grid, R) error
}

func (t tableWriter[R]) Write(r R) error { return t.row(t.Grid, r) }
