// Package archive writes everything that the ledger has of a batch into a file, and reads it back.
//
// An archive is NDJSON: a header with the facts of the batch, a line for each item with the log of its requests, for each event and
// each act, and a last line with the counts and a SHA-256 of all lines before it. Log entries and acts are stored as Redis had
// them, specs and records as whole JSON. The same contents make the same bytes, so that an archive which is written again is recognized. It has no
// secret: of the URL that is notified, the query is left out.
package archive
