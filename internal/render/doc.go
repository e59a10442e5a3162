// Package render turns what the ledger knows into what a person or a program reads: tables, JSON,
// NDJSON and CSV. Rows are written as they come, so that a million of them need no memory.
//
// Text that came from files or from BCE is shown without control characters: it cannot move the
// cursor, change colors or forge a line.
package render
