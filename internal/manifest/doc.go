// Package manifest reads files of wanted HaVIPs: CSV, NDJSON, JSON and YAML.
//
// A file is read twice. [File.Check] reads all of it and reports every fault at once, each
// with file, line and column, so that one round of editing mends the file. [File.Rows] then
// delivers the items, and only of a file without a fault: half a file is never enqueued.
// What Rows delivers is what Check read: the second pass compares the content with the
// first's, block by block, before a row of it is handed out.
//
// Both passes stream. Memory grows by some tens of bytes a row (what finding duplicates
// takes) and never with the length of a line, a row or a fault: each has its bound.
//
// # Layers
//
// Content passes through four of them, each one concept:
//
//	blocks     hashed, and compared with the first pass
//	text       UTF-8 without its byte-order mark; anything else ends the reading
//	rowReader  one per format: fields as written, each with its position
//	checker    a tasks.Item per row, its faults and its duplicates
//
// Lines and columns count from 1; columns count characters, not bytes, as editors do.
package manifest
