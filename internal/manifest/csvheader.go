package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// required are the columns without which no row can be an item.
var required = []column{columnName, columnSubnetID}

// readHeader reads the line that names the columns. A header with faults still serves for
// the columns that it does name, so that the rows' faults are reported in the same run; only
// where nothing can be told from it does it answer io.EOF, with the reason reported.
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
			c.report.at(c.fields.where(e, i), fmt.Sprintf("column %q stands in the header twice; remove one", name))
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

// separators are what stands between fields that commas should, with its names for people and for Python.
var separators = []struct{ separator, name, python string }{
	{";", "';'", ";"}, {"\t", "tabs", `\t`}, {"|", "'|'", "|"},
}

// otherSeparator says that a header separates its columns, in quotes or not, by something else than
// commas; "" is that it does not. Spreadsheets may announce theirs in a line before the header.
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

// namesColumn says that a header, cut at a separator, names a column.
func namesColumn(text []byte, separator string) bool {
	return slices.ContainsFunc(strings.Split(string(text), separator), func(name string) bool {
		return sameButSpelling(strings.Trim(name, ` "'`))
	})
}

// beginsLikeJSON says which format a first line is of that CSV cannot begin with; "" is none.
func beginsLikeJSON(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte("[")):
		return "begins like JSON, and no CSV does; name the file .json, or pass --format json"
	case bytes.HasPrefix(text, []byte("{")):
		return "begins like JSON, and no CSV does; name the file .ndjson, or pass --format ndjson"
	default:
		return ""
	}
}

// noHeader says why a first line cannot be a header; "" means that it is one.
func noHeader(text []byte, names []string) string {
	if bytes.IndexByte(text, '\r') >= 0 {
		return "ends its lines with CR alone; save it with LF or CRLF line ends"
	}
	if !slices.ContainsFunc(names, sameButSpelling) {
		return "first line names no known column; begin the file with a header such as " + exampleHeader
	}
	return ""
}
