package manifest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// csvRows reads CSV. It splits rows itself (see csvEntries), so that a fault affects only its row; encoding/csv splits
// the fields.
type csvRows struct {
	entries csvEntries
	report  reporter
	fields  fieldParser
	// header has the column of each field, after it was read.
	header []column
	// missing are required columns that the header lacks; reported once, at the header.
	missing []column
	// results reports that the rows are results: see [isResult].
	results bool
	// declared reports that a line before the header declared the separator.
	declared bool
	// begun reports that a row was read.
	begun bool
}

func newCSVRows(r io.Reader, report reporter) *csvRows {
	return &csvRows{entries: newCSVEntries(r), report: report}
}

func (c *csvRows) next(rec *record) error {
	if c.header == nil {
		if err := c.readHeader(); err != nil {
			return err
		}
	}
	e, err := c.entries.next()
	if err != nil {
		return err
	}
	rec.reset(position{e.line, 1})
	rec.result = c.results
	first := !c.begun
	c.begun = true
	values, p := c.read(e)
	if p.rule != "" || !c.fits(values) {
		if s := c.rowSeparator(e.text); s != 0 {
			own := c.entries.separator
			c.report.at(rec.at, fmt.Sprintf("row's fields are separated by %s, those of the header by %s; %s", s, own, either(own, s)))
			rec.broken = true
			if first { // likely all rows have it
				return io.EOF
			}
			return nil
		}
	}
	if p.rule != "" {
		c.report.at(p.at, p.rule)
		rec.broken = true
		return nil
	}
	for i, value := range values {
		if c.header[i] != noColumn {
			rec.set(c.header[i], value, c.fields.where(e, i))
		}
	}
	for _, col := range c.missing {
		rec.excuse(col)
	}
	return nil
}

// problem is a fault of a row's form.
type problem struct {
	at   position
	rule string
}

// read splits a row into as many fields as the header has, or returns why it cannot.
func (c *csvRows) read(e csvEntry) ([]string, problem) {
	values, p := c.split(e)
	switch n, want := len(values), len(c.header); {
	case p.rule != "":
		return nil, p
	case strings.Join(values, "") == "": // as spreadsheets leave after the last row; one fault, not one for every column
		p = problem{position{e.line, 1}, "row has no values; remove the line"}
	case n > want: // the values are not validated, because they may be in the wrong columns
		p = problem{c.fields.where(e, want), fmt.Sprintf("row has %s, the header %d; put a value that contains %s in quotes",
			count(n, "field"), want, c.entries.separator)}
	case n < want:
		p = problem{position{e.line, 1}, fmt.Sprintf("row has %s, the header %d; leave a field empty, but keep its separator",
			count(n, "field"), want)}
	}
	return values, p
}

// split splits a row into fields, or returns why it cannot.
func (c *csvRows) split(e csvEntry) ([]string, problem) {
	if e.rule != "" {
		return nil, problem{position{e.line, 1}.after(e.text[:e.index]), e.rule}
	}
	c.fields.separator = c.entries.separator
	values, err := c.fields.parse(e.text)
	if err != nil { // csvEntries should have refused the row
		return nil, problem{position{e.line, 1}, "is not a CSV row: " + err.Error()}
	}
	return values, problem{}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// fieldParser parses single rows with one csv.Reader, which is expensive to create.
type fieldParser struct {
	reader    *csv.Reader
	separator separator
	feed      bytes.Reader
	// buf is the row with its line break.
	buf []byte
}

// parse returns the row's values; the slice is valid until the next call.
func (p *fieldParser) parse(row []byte) ([]string, error) {
	if p.reader == nil {
		p.reader = csv.NewReader(&p.feed)
		p.reader.FieldsPerRecord = -1
		p.reader.ReuseRecord = true
		p.reader.Comma = rune(p.separator)
	}
	p.buf = append(append(p.buf[:0], row...), '\n')
	if bytes.IndexByte(row, '\r') >= 0 { // csv.Reader removes one CR before each LF
		p.buf = bytes.ReplaceAll(p.buf, []byte("\r\n"), []byte("\r\r\n"))
	}
	p.feed.Reset(p.buf)
	begin := p.reader.InputOffset()
	values, err := p.reader.Read()
	if err == nil && p.reader.InputOffset()-begin != int64(len(p.buf)) {
		err = errors.New("has more than one row")
	}
	if err != nil {
		p.reader = nil // its buffer must not affect later rows
	}
	return values, err
}

// where returns the position of the i-th field of the last row.
func (p *fieldParser) where(e csvEntry, i int) position {
	first, _ := p.reader.FieldPos(0)
	line, column := p.reader.FieldPos(i)
	at := position{e.line + line - first, column}
	if text := lineOf(e.text, line-first); utf8.RuneCount(text) < len(text) {
		at.column = 1 + utf8.RuneCount(text[:column-1])
	}
	return at
}

// lineOf returns the n-th line of text, counted from 0.
func lineOf(text []byte, n int) []byte {
	for range n {
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	text, _, _ = bytes.Cut(text, []byte{'\n'})
	return text
}
