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
}

func newCSVRows(r io.Reader, report reporter) *csvRows {
	return &csvRows{entries: csvEntries{lines: newLines(r)}, report: report}
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
	values, ok := c.parse(e)
	if !ok || !c.notBlank(e, values) || !c.rightCount(e, values) {
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

// parse splits a row into fields, or reports why it cannot.
func (c *csvRows) parse(e csvEntry) ([]string, bool) {
	if e.rule != "" {
		c.report.at(position{e.line, 1}.after(e.text[:e.index]), e.rule)
		return nil, false
	}
	values, err := c.fields.parse(e.text)
	if err != nil { // csvEntries should have refused the row
		c.report.at(position{e.line, 1}, "is not a CSV row: "+err.Error())
		return nil, false
	}
	return values, true
}

// notBlank reports a row of only empty fields, as spreadsheets leave after the last row: as one fault rather than one for
// every column.
func (c *csvRows) notBlank(e csvEntry, values []string) bool {
	blank := strings.Join(values, "") == ""
	if blank {
		c.report.at(position{e.line, 1}, "row has no values; remove the line")
	}
	return !blank
}

// rightCount reports a row with more or fewer fields than the header. Its values are not validated, because they may be
// in the wrong columns.
func (c *csvRows) rightCount(e csvEntry, values []string) bool {
	n, want := len(values), len(c.header)
	switch {
	case n > want:
		c.report.at(c.fields.where(e, want),
			fmt.Sprintf("row has %s, the header %d; put a value with a comma in quotes", count(n, "field"), want))
	case n < want:
		c.report.at(position{e.line, 1},
			fmt.Sprintf("row has %s, the header %d; leave a field empty, but keep its comma", count(n, "field"), want))
	}
	return n == want
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// fieldParser parses single rows with one csv.Reader, which is expensive to create.
type fieldParser struct {
	reader *csv.Reader
	feed   bytes.Reader
	// buf is the row with its line break.
	buf []byte
}

// parse returns the row's values; the slice is valid until the next call.
func (p *fieldParser) parse(row []byte) ([]string, error) {
	if p.reader == nil {
		p.reader = csv.NewReader(&p.feed)
		p.reader.FieldsPerRecord = -1
		p.reader.ReuseRecord = true
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
