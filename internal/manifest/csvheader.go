package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
)

// required are the columns that every item needs.
var required = []column{columnName, columnSubnetID}

// readHeader reads the column names. A header with faults is used as far as possible, so that the rows' faults are
// reported in the same run. If it is unusable, readHeader reports why and returns io.EOF.
func (c *csvRows) readHeader() error {
	e, err := c.headerEntry()
	if err != nil {
		return err
	}
	at := position{e.line, 1}
	names, p := c.split(e)
	rule := beginsLikeJSON(e.text)
	if rule == "" {
		if rule, err = c.headerSeparator(e.text); err != nil {
			return err
		}
	}
	switch {
	case rule != "":
		p = problem{at, rule}
	case p.rule == "":
		p = problem{at, noHeader(e.text, names)}
	}
	if p.rule != "" {
		c.report.at(p.at, p.rule)
		return io.EOF
	}
	header := make([]column, len(names))
	for i, name := range names {
		header[i] = columnOf(name)
		if isResult(name) {
			c.results = true
		} else if header[i] == noColumn {
			c.report.at(c.fields.where(e, i), cmp.Or(c.entries.separator.mixedHeader(name), unknown("column", name)))
		} else if slices.Contains(header[:i], header[i]) {
			c.report.at(c.fields.where(e, i), fmt.Sprintf("column %q appears twice in the header; remove one", name))
		}
	}
	for _, col := range required {
		if !slices.Contains(header, col) {
			c.report.at(at, fmt.Sprintf("column %q is missing from the header", col))
			c.missing = append(c.missing, col)
		}
	}
	c.header = header
	return nil
}

// headerEntry returns the header, and obeys the line before it that declares the separator, if there is one.
func (c *csvRows) headerEntry() (csvEntry, error) {
	e, err := c.entries.next()
	if err != nil {
		return csvEntry{}, err
	}
	s, rule, is := declared(e.text)
	switch {
	case !is:
		return e, nil
	case rule != "":
		c.report.at(position{e.line, 1}, rule)
		return csvEntry{}, io.EOF
	}
	c.entries.separator, c.declared = s, true
	return c.entries.nextWithout(byteOrderMark)
}

// beginsLikeJSON returns the rule for a first line that is JSON; "" if it is not.
func beginsLikeJSON(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte("[")):
		return "is JSON, not CSV; rename the file to .json, or pass --format json"
	case bytes.HasPrefix(text, []byte("{")):
		return "is JSON, not CSV; rename the file to .ndjson, or pass --format ndjson"
	default:
		return ""
	}
}

// noHeader says why a first line is not a header; "" if it is one.
func noHeader(text []byte, names []string) string {
	if bytes.IndexByte(text, '\r') >= 0 {
		return "has CR line ends; save it with LF or CRLF line ends"
	}
	if !slices.ContainsFunc(names, sameButSpelling) {
		return "first line has no known column; start the file with a header such as " + exampleHeader
	}
	return ""
}
