package manifest

import (
	"bytes"
	"errors"
	"io"
)

// maxQuoted limits a row whose quoted fields span several lines, in bytes. A quote that is open for longer is a
// mistake.
const maxQuoted = 64 << 10

// Rules of CSV's quoting.
const (
	ruleStrayQuote = `has a quote inside an unquoted field; put the whole field in quotes, and write a quote in it as ""`
	ruleStrayText  = `has text after a closing quote; write a quote inside a field as ""`
	ruleOpenQuote  = `has a quote that is not closed; close it, and write a quote inside a field as ""`
)

// csvEntries splits CSV into rows, each of one line or, with quoted line breaks, several. It skips empty lines. Only the
// first line of a malformed row is lost: the following lines are read again as rows.
type csvEntries struct {
	lines     *lines
	separator separator
	// again is text to read again before lines; after it comes the overlong line with number skipped, if that is
	// not 0.
	again   []byte
	skipped int
	// number is the last line's; crlf reports that it ended in CRLF.
	number int
	crlf   bool
	row    []byte
}

// csvEntry is one row's text without its last line break. Line breaks in quotes are unchanged.
type csvEntry struct {
	text []byte
	line int
	// rule, if not "", is broken at byte index of text, and the row is unreadable.
	rule  string
	index int
}

func newCSVEntries(r io.Reader) csvEntries {
	return csvEntries{lines: newLines(r), separator: separators[0]}
}

// next returns the next row, valid until the next call.
func (c *csvEntries) next() (csvEntry, error) { return c.nextWithout("") }

// nextWithout returns the next row without a prefix of its first line.
func (c *csvEntries) nextWithout(prefix string) (csvEntry, error) {
	for {
		text, err := c.line()
		switch {
		case errors.Is(err, errLongLine):
			return csvEntry{line: c.number, rule: err.Error()}, nil
		case err != nil:
			return csvEntry{}, err
		case len(text) > 0:
			return c.entry(bytes.TrimPrefix(text, []byte(prefix)))
		}
	}
}

// entry returns the row that starts with the last line read.
func (c *csvEntries) entry(text []byte) (csvEntry, error) {
	q := quotes{separator: c.separator}
	e := csvEntry{text: text, line: c.number}
	switch v, i := q.line(text); v {
	case rowEnds:
	case rowGoesOn:
		return c.goOn(e, &q, i)
	case strayQuote:
		e.rule, e.index = ruleStrayQuote, i
	case strayText:
		e.rule, e.index = ruleStrayText, i
	}
	return e, nil
}

// goOn reads lines until the row's open quote, at byte opened, is closed. If it is never or wrongly closed, the first
// line is at fault, and the following lines are read as rows.
func (c *csvEntries) goOn(e csvEntry, q *quotes, opened int) (csvEntry, error) {
	first := len(e.text)
	c.row = append(append(c.row[:0], e.text...), c.lineBreak()...)
	rest := len(c.row)
	for v := rowGoesOn; v == rowGoesOn && len(c.row) <= maxQuoted; {
		text, err := c.line()
		if errors.Is(err, errLongLine) {
			c.skipped = c.number
			break
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return csvEntry{}, err
		}
		end := len(c.row) + len(text)
		c.row = append(append(c.row, text...), c.lineBreak()...)
		if v, _ = q.line(text); v == rowEnds {
			e.text = c.row[:end]
			return e, nil
		}
	}
	// again is empty here: all its lines but the last have an even number of quotes (see quotes.line), so that only
	// the last can have opened this one.
	c.again = bytes.Clone(c.row[rest:])
	c.number = e.line
	return csvEntry{text: c.row[:first], line: e.line, rule: ruleOpenQuote, index: opened}, nil
}

// line reads the next line, from again first.
func (c *csvEntries) line() ([]byte, error) {
	switch {
	case len(c.again) > 0:
		text, rest, _ := bytes.Cut(c.again, []byte{'\n'})
		c.again = rest
		c.number++
		text, c.crlf = bytes.CutSuffix(text, []byte{'\r'})
		return text, nil
	case c.skipped > 0:
		c.number, c.skipped = c.skipped, 0
		return nil, errLongLine
	}
	text, err := c.lines.next()
	c.number, c.crlf = c.lines.number, c.lines.crlf
	return text, err
}

// lineBreak returns the last line's line break.
func (c *csvEntries) lineBreak() string {
	if c.crlf {
		return "\r\n"
	}
	return "\n"
}
