// Package bulk carries out operations on many items of a batch: retry, cancel, rollback.
//
// A [Selection] chooses the items. An [Operation] evaluates each of them by its record, so that a person can
// be asked before anything changes, and then carries itself out in chunks. An item may change in between:
// the ledger then refuses the change, and the [Tally] counts it as left alone. An operation that was killed
// half-way is simply repeated; it does the rest.
package bulk
