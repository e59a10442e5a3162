package manifest

import "havip/tasks"

// cellState says whether a row has a field.
type cellState int

const (
	// absent: the row does not have the field.
	absent cellState = iota
	// written: the row has the field, perhaps with an empty value.
	written
	// faulty: a fault of the field's form was reported, so its value must not be validated.
	faulty
)

// cell is one field of a row, as written.
type cell struct {
	text  string
	at    position
	state cellState
}

// record is one row, as written. A broken one was reported and has no cells.
type record struct {
	at     position
	cells  [columnCount]cell
	broken bool
	// result reports that the row is a result: see [isResult].
	result bool
}

// rowReader reads one format. It reports faults of a row's form; the checker validates its values.
type rowReader interface {
	// next fills rec with the next row. It returns io.EOF after the last row, or after a reported fault if the rest
	// cannot be read. Any other error is from the layers below.
	next(rec *record) error
}

// reset empties the record and sets its position.
func (rec *record) reset(at position) { *rec = record{at: at} }

// set sets a cell and its position; only the first value counts.
func (rec *record) set(c column, text string, at position) (first bool) {
	if rec.cells[c].at.line > 0 {
		return false
	}
	rec.cells[c] = cell{text: text, at: at, state: written}
	return true
}

// excuse marks a field as reported, at the position where it is or should be.
func (rec *record) excuse(c column) {
	if c != noColumn {
		rec.cells[c].state = faulty
	}
}

// excuseNearest excuses the field that a misspelled one most likely means, so that it is not also reported as missing.
func (rec *record) excuseNearest(name string) {
	if c := nearest(name); c != noColumn && rec.cells[c].state == absent {
		rec.excuse(c)
	}
}

// where returns the position of a field, or of its row if it has no such field. A key that defaults to the name has the
// name's position.
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

// item returns the row as an item, without defaults.
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
