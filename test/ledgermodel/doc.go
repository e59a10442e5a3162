// Package ledgermodel says again, in plain Go, what package ledger promises: an independent reading
// of its documentation, made to be compared with its scripts.
//
// # The model
//
// The ledger keeps what became of an item as one record, which each script changes a little. The
// model keeps the item's history instead (every request sent for it, and what was heard of each), and
// derives: how many requests counted, whether something is in doubt and since when, what a batch's
// counters are. The two can agree only where both are right, or where both have read the same mistake.
//
// It is a model of one caller at a time with a clock of its own, in memory. It knows nothing of
// Redis, of concurrency, or of how long a log may grow.
//
// # The tests
//
// They call the ledger and the model with the same random operations, in the same order, under the
// same clock, and compare every answer, every record and every counter. Beside that they hold the
// ledger alone to what the whole project rests on (promises_test.go), which is stated without the
// model: a mistake that the model shares is found there.
//
// A failing story is cut down to the shortest that still fails, and printed call by call. It is kept
// under testdata/rapid, from where it is told first until it passes. "make model" tells more and longer
// ones.
package ledgermodel
