package render

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

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

// Writer writes results one by one; Close ends the document. Until then some may be held back.
type Writer interface {
	Write(r Result) error
	Close() error
}

// Style is how results are written.
type Style struct {
	Format Format
	// Fields are the fields that JSON and NDJSON have; nil for all.
	Fields []string
	// Guarded makes CSV safe to open in a spreadsheet: see [NewRecords].
	Guarded bool
	// Width is the terminal's, in cells, for tables; 0 for no limit.
	Width int
}

// NewWriter returns a writer of the style.
func NewWriter(w io.Writer, style Style) Writer {
	switch style.Format {
	case JSON:
		return &jsonWriter{w: bufio.NewWriter(w), fields: style.Fields}
	case NDJSON:
		return &ndjsonWriter{w: bufio.NewWriter(w), fields: style.Fields}
	case CSV:
		return newCSVWriter(w, style.Guarded)
	case Table:
	}
	return newTable(w, style.Width)
}

func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// encode writes a result, or the fields of it that are asked for, on a line.
func encode(w io.Writer, r Result, fields []string) error {
	if fields == nil {
		return encoder(w).Encode(r)
	}
	picked, err := Pick(r, fields)
	if err != nil {
		return err
	}
	return encoder(w).Encode(picked)
}

// ndjsonWriter writes one object a line.
type ndjsonWriter struct {
	w      *bufio.Writer
	fields []string
}

func (n *ndjsonWriter) Write(r Result) error { return encode(n.w, r, n.fields) }
func (n *ndjsonWriter) Close() error         { return n.w.Flush() }

// jsonWriter writes one array, an object a line.
type jsonWriter struct {
	w      *bufio.Writer
	fields []string
	rows   int
}

func (j *jsonWriter) Write(r Result) error {
	opening := "["
	if j.rows > 0 {
		opening = ","
	}
	j.rows++
	if _, err := j.w.WriteString(opening); err != nil {
		return err
	}
	return encode(j.w, r, j.fields)
}

func (j *jsonWriter) Close() error {
	closing := "]\n"
	if j.rows == 0 {
		closing = "[]\n"
	}
	if _, err := j.w.WriteString(closing); err != nil {
		return err
	}
	return j.w.Flush()
}

// csvWriter writes a record an item. The item columns have the names that input files use, so that its
// output can be edited and read in again.
type csvWriter struct{ *Records }

func newCSVWriter(w io.Writer, guarded bool) csvWriter {
	return csvWriter{NewRecords(w, guarded,
		"batch", "key", "line", "state", "haVipId", "name", "subnetId",
		"privateIpAddress", "description", "account", "region", "attempts", "code",
		"message", "requestId", "clientToken", "createdAt", "updatedAt")}
}

func (c csvWriter) Write(r Result) error {
	return c.Records.Write(
		r.Batch, r.Key, strconv.Itoa(r.Line), string(r.State), r.HaVIPID, r.Name, r.SubnetID,
		r.PrivateIPAddress, r.Description, r.Account, r.Region, strconv.Itoa(r.Attempts), r.Code,
		r.Message, r.RequestID, r.ClientToken, r.CreatedAt.String(), r.UpdatedAt.String(),
	)
}
