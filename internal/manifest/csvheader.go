package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// required are the columns that every item needs.
var required = []column{columnName, columnSubnetID}

// readHeader reads the column names. A header with faults is used as far as possible, so that the rows' faults are
// reported in the same run. If it is unusable, readHeader reports why and returns io.EOF.
func (c *csvRows) readHeader() error {
	e, err := c.entries.next()
	if err != nil {
		return err
	}
	at := position{e.line, 1}
	if rule := cmp.Or(beginsLikeJSON(e.text), otherSeparator(e.text)); rule != "" {
		c.report.at(at, rule)
		return io.EOF
	}
	names, ok := c.parse(e)
	if !ok {
		return io.EOF
	}
	if rule := noHeader(e.text, names); rule != "" {
		c.report.at(at, rule)
		return io.EOF
	}
	header := make([]column, len(names))
	for i, name := range names {
		header[i] = columnOf(name)
		if isResult(name) {
			c.results = true
		} else if header[i] == noColumn {
			c.report.at(c.fields.where(e, i), unknown("column", name))
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

// separators are wrong separators, with their names in messages and in Python.
var separators = []struct{ separator, name, python string }{
	{";", "';'", ";"}, {"\t", "tabs", `\t`}, {"|", "'|'", "|"},
}

// otherSeparator reports a header with another separator than the comma, with or without quotes; "" means none.
// Spreadsheets may declare their separator in a line before the header.
func otherSeparator(text []byte) string {
	if namesColumn(text, ",") {
		return ""
	}
	for _, s := range separators {
		if string(text) == "sep="+s.separator || namesColumn(text, s.separator) {
			return fmt.Sprintf("fields are separated by %s; separate them with commas: in a spreadsheet, export as comma-separated values, or convert the file: "+
				`python3 -c 'import csv,sys; csv.writer(sys.stdout).writerows(csv.reader(open(sys.argv[1], encoding="utf-8-sig", newline=""), delimiter="%s"))' FILE > NEWFILE`,
				s.name, s.python)
		}
	}
	return ""
}

// namesColumn reports whether a header, split at a separator, has a column's name.
func namesColumn(text []byte, separator string) bool {
	return slices.ContainsFunc(strings.Split(string(text), separator), func(name string) bool {
		return sameButSpelling(strings.Trim(name, ` "'`))
	})
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
