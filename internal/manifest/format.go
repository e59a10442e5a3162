package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// Format is a file format.
type Format string

// The formats.
const (
	// CSV has a header that names the columns.
	CSV Format = "csv"
	// NDJSON has one JSON object on each line.
	NDJSON Format = "ndjson"
	// JSON is one array of objects.
	JSON Format = "json"
	// YAML is one block list of mappings.
	YAML Format = "yaml"
)

// Formats returns all formats, in the order to show them.
func Formats() []Format { return []Format{CSV, NDJSON, JSON, YAML} }

var extensions = map[string]Format{
	".csv":    CSV,
	".ndjson": NDJSON,
	".jsonl":  NDJSON,
	".json":   JSON,
	".yaml":   YAML,
	".yml":    YAML,
}

// formatOf returns a file's format by its extension. If that is unknown, the content may show that no format fits.
func formatOf(path string, content io.Reader) (Format, error) {
	extension := filepath.Ext(path)
	if format, ok := extensions[strings.ToLower(extension)]; ok {
		return format, nil
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(content, head)
	if n == 0 && errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read %s: is empty", printable(path))
	}
	if rule := foreign(head[:n]); rule != "" {
		return "", fmt.Errorf("read %s: %s", printable(path), rule)
	}
	return "", fmt.Errorf("read %s: unknown extension %q; set the format with --format csv, ndjson, json or yaml",
		printable(path), extension)
}

func (f Format) check() error {
	if f == "" || slices.Contains(Formats(), f) {
		return nil
	}
	return fmt.Errorf("format %s: unknown; the formats are csv, ndjson, json and yaml", quote(string(f)))
}

// sniff returns the format of content without a name by its first bytes. Names of items and columns start with a letter,
// so that a CSV file starts with none of the marks below.
func sniff(r io.Reader) (Format, error) {
	head := make([]byte, 4096)
	n, err := io.ReadFull(r, head)
	if n == 0 && err != nil && !isEnd(err) {
		return "", err
	}
	head = bytes.TrimPrefix(head[:n], []byte("\uFEFF"))
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 {
		return CSV, nil
	}
	switch head[0] {
	case '{':
		return NDJSON, nil
	case '[':
		return JSON, nil
	case '-', '#', '%':
		return YAML, nil
	}
	return CSV, nil
}

// newRows starts reading content in a format.
func (f Format) newRows(r io.Reader, report reporter) rowReader {
	switch f {
	case NDJSON:
		return &ndjsonRows{lines: newLines(r), report: report}
	case JSON:
		return newJSONRows(r, report)
	case YAML:
		return newYAMLRows(r, report)
	default: // Open refuses other formats
		return newCSVRows(r, report)
	}
}

// emptyRule is the rule for a file without rows.
func (f Format) emptyRule() string {
	switch f {
	case NDJSON:
		return "has no items; write one JSON object on each line, such as " + exampleObject
	case JSON:
		return "has no items; write an array of objects, such as [" + exampleObject + "]"
	case YAML:
		return `has no items; write one "- " entry for each item, such as - {name: web-1, subnetId: sbn-dk8gl9bc}`
	default:
		return "has no items; write one item on each line below the header, such as " + exampleHeader
	}
}

// Examples of the formats.
const (
	exampleHeader = "name,subnetId,privateIpAddress,description"
	exampleObject = `{"name":"web-1","subnetId":"sbn-dk8gl9bc"}`
)
