// Package manifest reads files of requested HaVIPs: CSV, NDJSON, JSON and YAML.
//
// A file is read twice. [File.Check] reads all of it and reports all faults at once, with file, line and column.
// [File.Rows] then yields the items, but only of a file without faults, so that half a file is never enqueued. The
// second pass compares the content with the first, block by block, before it yields a row.
//
// Both passes stream. Memory use is some tens of bytes per row, to find duplicates; lines, rows and faults have size
// limits.
//
// # Layers
//
// Content passes through four of them, each one concept:
//
//	blocks     hashed, and compared with the first pass
//	text       UTF-8 without byte-order mark; anything else ends the reading
//	rowReader  one per format: fields as written, each with its position
//	checker    a tasks.Item per row, its faults and its duplicates
//
// Lines and columns count from 1; columns count characters, as in editors.
package manifest
