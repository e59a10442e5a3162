package render

import (
	"errors"
	"slices"

	"havip/internal/spelling"
)

// Format is how data is written to stdout.
type Format string

// The formats.
const (
	Table  Format = "table"
	JSON   Format = "json"
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// Formats are the names of the formats, in the order to show them.
func Formats() []string { return []string{string(Table), string(JSON), string(NDJSON), string(CSV)} }

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
	// Guarded makes CSV safe to open in a spreadsheet: see [NewRecords].
	Guarded bool
	// Width is the terminal's, in cells, for tables; 0 for no limit.
	Width int
}
