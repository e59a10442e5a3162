package manifest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// jsonRows reads one JSON array of objects. It splits the array into elements byte by byte, independent of lines, and
// parses each with parseObject, so that memory is limited to one element, and a fault affects only its element.
type jsonRows struct {
	r      *bufio.Reader
	report reporter
	// at is the position of the next byte.
	at      position
	element []byte
	state   arrayState
}

// arrayState is what may come next in the array.
type arrayState int

const (
	beforeArray arrayState = iota
	firstOrEnd
	elementDue
	commaOrEnd
	behindArray
)

func newJSONRows(r io.Reader, report reporter) *jsonRows {
	return &jsonRows{r: bufio.NewReaderSize(r, blockSize), report: report, at: start()}
}

func (j *jsonRows) next(rec *record) error {
	for {
		at := j.at
		b, err := j.read()
		if errors.Is(err, io.EOF) {
			j.ended(at)
			return err
		}
		if err != nil {
			return err
		}
		if isSpace(b) {
			continue
		}
		begins, err := j.structure(b, at)
		if err != nil {
			return err
		}
		if begins {
			j.state = commaOrEnd
			return j.row(rec, b, at)
		}
	}
}

// structure validates a byte between elements. It reports whether the byte starts an element, and returns io.EOF if the
// rest cannot be read.
func (j *jsonRows) structure(b byte, at position) (begins bool, err error) {
	switch {
	case j.state == beforeArray && b == '[':
		j.state = firstOrEnd
	case j.state == beforeArray:
		j.report.at(at, "must be a JSON array of objects that starts with [; if it has one object per line, rename the file to .ndjson")
		return false, io.EOF
	case j.state == behindArray:
		j.report.at(at, "has text after the end of the array; remove it")
		return false, io.EOF
	case b == ']':
		if j.state == elementDue {
			j.report.at(at, "has a comma before the end of the array; remove it")
		}
		j.state = behindArray
	case b == ',':
		if j.state != commaOrEnd {
			j.report.at(at, "has a comma without an item before it; remove it")
		}
		j.state = elementDue
	case j.state == commaOrEnd:
		j.report.at(at, "needs a comma between this item and the one before it")
		return true, nil
	default:
		return true, nil
	}
	return false, nil
}

// ended validates the end of the file. An empty file is reported elsewhere.
func (j *jsonRows) ended(at position) {
	if j.state != beforeArray && j.state != behindArray {
		j.report.at(at, "ends inside the array; close it with ]")
		j.state = behindArray
	}
}

// row reads the element that starts with b.
func (j *jsonRows) row(rec *record, b byte, at position) error {
	rec.reset(at)
	whole, err := j.readElement(b)
	switch {
	case err != nil:
		return err
	case !whole:
		rec.broken = true
		j.report.at(at, fmt.Sprintf("item is longer than %d MiB; is its closing brace missing?", maxLine>>20))
	default:
		parseObject(j.element, rec, j.report)
	}
	return nil
}

// read reads one byte and counts lines and characters.
func (j *jsonRows) read() (byte, error) {
	b, err := j.r.ReadByte()
	switch {
	case err != nil:
	case b == '\n':
		j.at = position{j.at.line + 1, 1}
	case b&0xC0 != 0x80: // the first byte of a character
		j.at.column++
	}
	return b, err
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
