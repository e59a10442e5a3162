package render

import (
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"
)

// Records writes CSV: a header, and a record a row.
type Records struct {
	csv *csv.Writer
	// guarded is where guarded records go, which are not what encoding/csv writes; nil without.
	guarded io.Writer
	head    []string
	headed  bool
}

// NewRecords returns a writer of records under a header. A guarded one is safe to open in a spreadsheet,
// and not meant to be read in again: no cell of it is taken for a formula. As OWASP has it ("CSV
// Injection"; ASVS 1.2.10), an apostrophe goes before a cell that begins as a formula does, and every
// cell is quoted, so that nothing in it begins another cell, whatever the spreadsheet takes for a
// separator. A line within a quoted cell begins none, and is left as it is.
func NewRecords(w io.Writer, guard bool, head ...string) *Records {
	r := &Records{csv: csv.NewWriter(w), head: head}
	if guard {
		r.guarded = w
	}
	return r
}

// Write writes a record of as many cells as the header has.
func (r *Records) Write(cells ...string) error {
	if err := r.begin(); err != nil {
		return err
	}
	return r.record(cells)
}

// Flush passes on what was written.
func (r *Records) Flush() error {
	r.csv.Flush()
	return r.csv.Error()
}

// Close flushes; without a record, the header is all there is.
func (r *Records) Close() error {
	if err := r.begin(); err != nil {
		return err
	}
	return r.Flush()
}

func (r *Records) begin() error {
	if r.headed {
		return nil
	}
	r.headed = true
	return r.record(r.head)
}

func (r *Records) record(cells []string) error {
	if r.guarded == nil {
		return r.csv.Write(cells)
	}
	quoted := make([]string, len(cells))
	for i, cell := range cells {
		quoted[i] = `"` + strings.ReplaceAll(guard(cell), `"`, `""`) + `"`
	}
	_, err := io.WriteString(r.guarded, strings.Join(quoted, ",")+"\n")
	return err
}

// formula are the characters with which a spreadsheet begins a formula, or which it skips on the way to
// one, with the signs' wide forms.
const formula = "=+-@\t\r\n\x00＝＋－＠"

// guard puts an apostrophe before what would be taken for a formula. Leading spaces are skipped, as some
// spreadsheets do.
func guard(cell string) string {
	first, size := utf8.DecodeRuneInString(strings.TrimLeft(cell, " "))
	if size > 0 && strings.ContainsRune(formula, first) {
		return "'" + cell
	}
	return cell
}
