package manifest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// jsonRows reads one JSON array of objects. It cuts the array into its elements, byte by
// byte and however the lines fall, and leaves each element to parseObject; so memory is
// bounded by an element, and a fault inside of one leaves the others readable.
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

// structure judges a byte between elements. It tells whether the byte begins an element,
// and answers io.EOF where reading on makes no sense.
func (j *jsonRows) structure(b byte, at position) (begins bool, err error) {
	switch {
	case j.state == beforeArray && b == '[':
		j.state = firstOrEnd
	case j.state == beforeArray:
		j.report.at(at, "must be a JSON array of objects that begins with [; for one object on each line name the file .ndjson")
		return false, io.EOF
	case j.state == behindArray:
		j.report.at(at, "has something behind the end of the array; remove it")
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

// ended judges the end of the file. An empty one has no rows, and is told so elsewhere.
func (j *jsonRows) ended(at position) {
	if j.state != beforeArray && j.state != behindArray {
		j.report.at(at, "ends inside the array; close it with ]")
		j.state = behindArray
	}
}

// row reads the element that begins with b.
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

// read takes one byte and keeps count of lines and characters.
func (j *jsonRows) read() (byte, error) {
	b, err := j.r.ReadByte()
	switch {
	case err != nil:
	case b == '\n':
		j.at = position{j.at.line + 1, 1}
	case b&0xC0 != 0x80: // a byte that begins a character
		j.at.column++
	}
	return b, err
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
