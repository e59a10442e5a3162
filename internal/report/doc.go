// Package report shows batches, their items and lanes: as data on stdout, and in messages that say why
// something is paused, suspended, failed or damaged, and what to do about it.
package report
