// Package bulk is verbs on many items of a batch: retry, cancel, rollback.
//
// A [Selection] chooses the items. A [Verb] judges each of them by what the ledger knows of it, so that
// a person can be told before anything is changed, and then carries itself out, a chunk at a time. In
// between an item may have become another; the ledger refuses what no longer applies, and the [Tally]
// says so. Whoever is killed half-way does the same again, and the rest is done.
package bulk
