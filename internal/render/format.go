package render

import (
	"errors"
	"slices"
	"time"

	"havip/internal/spelling"
)

// Format is how data is written to stdout.
type Format string

// The formats.
const (
	Table  Format = "table"
	Wide   Format = "wide"
	JSON   Format = "json"
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// Formats are the names of the formats, in the order to show them.
func Formats() []string {
	return []string{string(Table), string(Wide), string(JSON), string(NDJSON), string(CSV)}
}

// Tabular reports whether the format is a table for people.
func (f *Format) Tabular() bool { return *f == Table || *f == Wide }

// String, Set and Type make a Format a flag's value.
func (f *Format) String() string { return string(*f) }

// Type names the value in help.
func (f *Format) Type() string { return "format" }

// Set accepts the name of a format.
func (f *Format) Set(name string) error {
	if !slices.Contains(Formats(), name) {
		return errors.New(spelling.OneOf(name, Formats()))
	}
	*f = Format(name)
	return nil
}

// Style is how records are written.
type Style struct {
	Format Format
	// Fields are the fields that JSON and NDJSON have; nil for all.
	Fields []string
	// Columns are the columns that tables and CSV have; nil for the list's own.
	Columns []string
	// Guarded makes CSV safe to open in a spreadsheet: see [NewRecords].
	Guarded bool
	// Width is the terminal's, in cells, for tables; 0 for no limit.
	Width int
	// Zone is that of times in tables, nil for UTC: see [Zone]. Colors lets tables have colors.
	Zone   *time.Location
	Colors bool
	// Follow says that more records come while these are read: the columns are wide enough for later ones.
	Follow bool
}
