package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"havip/tasks"
)

const ruleNotList = `must be a list of mappings, each beginning with "- "; put a list in brackets into a .json file`

// yamlRows reads one YAML block list. It splits the list into entries by indentation, which is safe in YAML: everything in
// an entry of a block list (also quoted text and block scalars) is indented more than the entry's dash. So the file need
// not fit in memory, and a fault affects only its entry.
type yamlRows struct {
	lines   *lines
	report  reporter
	anchors anchors
	// indent is the indentation of the list's dashes; -1 before the first one.
	indent int
	// following is the first line of the next entry, with its line number; nil if there is none.
	following []byte
	number    int
	entry     yamlEntry
}

func newYAMLRows(r io.Reader, report reporter) *yamlRows {
	return &yamlRows{lines: newLines(r), report: report, indent: -1}
}

func (y *yamlRows) next(rec *record) error {
	if y.indent < 0 {
		if err := y.preamble(); err != nil {
			return err
		}
	}
	if y.following == nil {
		return io.EOF
	}
	at := position{y.number, y.indent + 1}
	rec.reset(at)
	if err := y.readEntry(); err != nil {
		return err
	}
	text, whole := y.entry.text()
	if !whole {
		rec.broken = true
		y.report.at(at, fmt.Sprintf("item is longer than %d KiB, more than any valid item; is the next item indented like this one?", maxEntry>>10))
		return nil
	}
	if i, rule := forbiddenInYAML(text); rule != "" {
		rec.broken = true
		y.report.at(at.after(text[at.column-1:i]), rule)
		return nil
	}
	last := at.line + bytes.Count(bytes.TrimSuffix(text, []byte{'\n'}), []byte{'\n'})
	p := entryParser{first: at.line, last: last, rec: rec, report: y.report, anchors: &y.anchors}
	p.parse(text)
	return nil
}

// preamble reads up to the list's first entry.
func (y *yamlRows) preamble() error {
	marked := false
	for {
		text, err := y.lines.next()
		if errors.Is(err, errLongLine) {
			y.report.at(y.here(0), err.Error())
			return io.EOF
		}
		if err != nil {
			return err
		}
		line := yamlLine(text)
		switch {
		case line.empty(), !marked && line.directive():
		case !marked && line.marker() == "---":
			marked = true
		case line.dash():
			y.indent = line.indent()
			y.follow(line)
			return nil
		default:
			y.report.at(y.here(line.indent()), ruleNotList)
			return io.EOF
		}
	}
}

// readEntry reads the entry that starts with the stored line, and stores the first line of the next one.
func (y *yamlRows) readEntry() error {
	y.entry.begin(y.following)
	y.following = nil
	for {
		text, err := y.lines.next()
		if errors.Is(err, errLongLine) {
			y.report.at(y.here(0), err.Error())
			text, err = []byte("#"), nil // a comment, or an unreadable entry
		}
		if errors.Is(err, io.EOF) {
			if !y.lines.ended {
				y.entry.endFile()
			}
			return nil
		}
		if err != nil {
			return err
		}
		line := yamlLine(text)
		switch {
		case line.marker() != "":
			return y.trailer()
		case line.dash() && line.indent() <= y.indent:
			y.follow(line)
			return nil
		case !line.empty() && line.indent() < y.indent:
			y.report.at(y.here(line.indent()), "is outside the list; indent it like the items before it")
			line = yamlLine("#")
		}
		y.entry.add(line, line.comment() && line.indent() <= y.indent)
	}
}

// follow stores the first line of an entry.
func (y *yamlRows) follow(line yamlLine) {
	if line.indent() < y.indent {
		y.report.at(y.here(line.indent()), "is indented less than the items before it; indent it like them")
	}
	y.following = append(make([]byte, 0, len(line)), line...)
	y.number = y.lines.number
}

// trailer validates what follows the end of the list's document.
func (y *yamlRows) trailer() error {
	for {
		text, err := y.lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return err
		}
		line := yamlLine(text) // nil for an overlong line, which is invalid as well
		if line == nil || !line.empty() && line.marker() == "" {
			y.report.at(y.here(0), "begins a second YAML document; put all items in one list")
			return nil
		}
	}
}

// here returns a position on the last line.
func (y *yamlRows) here(indent int) position { return position{y.lines.number, indent + 1} }

// forbiddenInYAML finds the first character that a YAML parser may treat as a line break or silently drop.
func forbiddenInYAML(entry []byte) (at int, rule string) {
	at = bytes.IndexFunc(entry, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' || strings.ContainsRune("\u2028\u2029\uFEFF\uFFFE\uFFFF", r)
	})
	if at < 0 {
		return 0, ""
	}
	r, _ := utf8.DecodeRune(entry[at:])
	if unicode.IsControl(r) { // no field accepts it, even escaped
		return at, fmt.Sprintf("has %s; remove it", tasks.Character(r))
	}
	return at, fmt.Sprintf("has %s; remove it, or write it as %s in double quotes", tasks.Character(r), strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
}
