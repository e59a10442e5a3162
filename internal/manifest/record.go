package manifest

import "havip/tasks"

// cellState says how much of a field a row holds.
type cellState int

const (
	// absent: the row does not name the field.
	absent cellState = iota
	// written: the row names the field, if only with an empty value.
	written
	// faulty: the field's form is at fault and has been reported, so that its value must
	// not be judged, and not be reported, a second time.
	faulty
)

// cell is one field of a row as it was written.
type cell struct {
	text  string
	at    position
	state cellState
}

// record is one row as it was written. A broken one was reported and has no cells to judge.
type record struct {
	at     position
	cells  [columnCount]cell
	broken bool
	// result says that the row is a result: see [isResult].
	result bool
}

// rowReader is one format. It reports what is wrong with a row's form, and leaves what is
// wrong with its values to the checker.
type rowReader interface {
	// next fills rec with the next row, and answers io.EOF after the last; also where
	// reading on makes no sense, with the reason reported. Any other error is that of the
	// layers below.
	next(rec *record) error
}

// reset makes the record an empty row at a position.
func (rec *record) reset(at position) { *rec = record{at: at} }

// set fills a cell, which has its place in the file from then on; the first value stands.
func (rec *record) set(c column, text string, at position) (first bool) {
	if rec.cells[c].at.line > 0 {
		return false
	}
	rec.cells[c] = cell{text: text, at: at, state: written}
	return true
}

// excuse marks a field as reported already, at the place where it is or should be.
func (rec *record) excuse(c column) {
	if c != noColumn {
		rec.cells[c].state = faulty
	}
}

// excuseNearest excuses the field that a misspelt one most likely means: beside "unknown
// field" the user need not be told that it is required.
func (rec *record) excuseNearest(name string) {
	if c := nearest(name); c != noColumn && rec.cells[c].state == absent {
		rec.excuse(c)
	}
}

// where is the position of a field, or of its row when the row has no such field. A key
// that was taken from the name stands where the name stands.
func (rec *record) where(c column) position {
	if c == columnKey && rec.keyFromName() && rec.cells[columnName].at.line > 0 {
		return rec.cells[columnName].at
	}
	if at := rec.cells[c].at; at.line > 0 {
		return at
	}
	return rec.at
}

func (rec *record) keyFromName() bool {
	return rec.cells[columnKey].text == "" && rec.cells[columnKey].state != faulty
}

// item is the row as an item, without defaults.
func (rec *record) item() tasks.Item {
	text := func(c column) string { return rec.cells[c].text }
	return tasks.Item{
		Key:         text(columnKey),
		Account:     text(columnAccount),
		Region:      text(columnRegion),
		ClientToken: rec.token(),
		Request: tasks.Request{
			Name:             text(columnName),
			SubnetID:         text(columnSubnetID),
			PrivateIPAddress: text(columnPrivateIPAddress),
			Description:      text(columnDescription),
		},
	}
}
