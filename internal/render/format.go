package render

import (
	"bufio"
	"encoding/csv"
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

// NewWriter returns a writer of the format. Width is the terminal's, in cells, for tables.
func NewWriter(w io.Writer, format Format, width int) Writer {
	switch format {
	case JSON:
		return &jsonWriter{w: bufio.NewWriter(w)}
	case NDJSON:
		buffered := bufio.NewWriter(w)
		return &ndjsonWriter{w: buffered, enc: encoder(buffered)}
	case CSV:
		return &csvWriter{w: csv.NewWriter(w)}
	case Table:
	}
	return newTable(w, width)
}

func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// ndjsonWriter writes one object a line.
type ndjsonWriter struct {
	w   *bufio.Writer
	enc *json.Encoder
}

func (n *ndjsonWriter) Write(r Result) error { return n.enc.Encode(r) }
func (n *ndjsonWriter) Close() error         { return n.w.Flush() }

// jsonWriter writes one array, an object a line.
type jsonWriter struct {
	w    *bufio.Writer
	rows int
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
	return encoder(j.w).Encode(r)
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

// csvWriter writes a header and a record a row. The item columns come first, under the names
// that input files use, so that its output can be edited and read in again.
type csvWriter struct {
	w      *csv.Writer
	headed bool
}

func (c *csvWriter) Write(r Result) error {
	if err := c.head(); err != nil {
		return err
	}
	return c.w.Write([]string{
		r.Batch, r.Key, strconv.Itoa(r.Line), string(r.State), r.HaVIPID, r.Name, r.SubnetID,
		r.PrivateIPAddress, r.Description, r.Account, r.Region, strconv.Itoa(r.Attempts), r.Code,
		r.Message, r.RequestID, r.ClientToken, r.CreatedAt.String(), r.UpdatedAt.String(),
	})
}

func (c *csvWriter) head() error {
	if c.headed {
		return nil
	}
	c.headed = true
	return c.w.Write([]string{
		"batch", "key", "line", "state", "haVipId", "name", "subnetId",
		"privateIpAddress", "description", "account", "region", "attempts", "code",
		"message", "requestId", "clientToken", "createdAt", "updatedAt",
	})
}

func (c *csvWriter) Close() error {
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}
