package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"time"
)

// List says how records of a type are shown. JSON and NDJSON follow the type's own tags, and everything else the columns.
type List[R any] struct {
	// Lines is whether a JSON array has a record a line, rather than a field a line.
	Lines bool
	// Columns are all columns, in the order of CSV.
	Columns []Column[R]
	// Table and Wide name the columns of a table; without Wide, it is that of Table.
	Table, Wide []string
	// Flexible is the column of a table that tells the most, Dispensable are those that a narrow terminal may do
	// without, and Folded go onto the lines below: see [Grid].
	Flexible            string
	Dispensable, Folded []string
	// Below, if not nil, returns lines to stand below a record in a table.
	Below func(R, Style) (string, error)
}

// Writer writes records one by one; Close ends the document.
type Writer[R any] interface {
	Write(r R) error
	// Flush writes the buffered rows. The widths of a table's columns are fixed by then.
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
		return l.csv(w, style)
	case Table, Wide:
	}
	return l.table(w, style)
}

func (l List[R]) csv(w io.Writer, style Style) Writer[R] {
	names := style.Columns
	if names == nil {
		for _, c := range l.Columns {
			if !c.Derived {
				names = append(names, c.Name)
			}
		}
	}
	return csvWriter[R]{NewRecords(w, style.Guarded, names...), l.pick(names)}
}

// table fits a table to the terminal, unless it is wide. Of columns that were asked for, none is left out.
func (l List[R]) table(w io.Writer, style Style) Writer[R] {
	if style.Zone == nil {
		style.Zone = time.UTC
	}
	names, dispensable, folded := l.Table, l.Dispensable, l.Folded
	switch {
	case style.Columns != nil:
		names, dispensable, folded = style.Columns, nil, nil
	case style.Format == Wide:
		style.Width = 0
		if l.Wide != nil {
			names = l.Wide
		}
	}
	columns := l.pick(names)
	var head []string
	var widths []int
	for _, c := range columns {
		head, widths = append(head, c.head(style.Zone)), append(widths, c.Width)
	}
	indexes := func(of []string) (found []int) {
		for _, name := range of {
			if i := slices.Index(names, name); i >= 0 {
				found = append(found, i)
			}
		}
		return found
	}
	grid := NewGrid(w, style.Width, slices.Index(names, l.Flexible), head...)
	grid.Dispensable(indexes(dispensable)...).Folded(indexes(folded)...)
	if style.Follow {
		grid.Minimum(widths...)
	}
	return tableWriter[R]{grid, columns, style, l.Below}
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
	columns []Column[R]
}

func (c csvWriter[R]) Write(r R) error {
	cells := make([]string, len(c.columns))
	for i, column := range c.columns {
		cells[i] = column.record(r)
	}
	return c.Records.Write(cells...)
}

// tableWriter writes aligned columns.
type tableWriter[R any] struct {
	*Grid
	columns []Column[R]
	style   Style
	below   func(R, Style) (string, error)
}

func (t tableWriter[R]) Write(r R) error {
	row := gridRow{cells: make([]string, len(t.columns))}
	if t.style.Colors {
		row.colors = make([]Color, len(t.columns))
	}
	for i, column := range t.columns {
		row.cells[i] = column.cell(r, t.style.Zone)
		if row.colors != nil && column.Color != nil {
			row.colors[i] = column.Color(r)
		}
	}
	if t.below != nil {
		var err error
		if row.notes, err = t.below(r, t.style); err != nil {
			return err
		}
	}
	return t.row(row)
}
