// Package lifecycle contains the rules of an item's life as pure functions: what may be done with it next, and what
// each event changes.
//
// A function takes a [Snapshot] (the item's record and its batch, read atomically) and an event, and returns a decision
// for the caller and a [Change] to commit. It uses no Redis, asynq, clock, randomness or I/O: package ledger reads
// snapshots, and commits a change only if the record has not changed since.
//
// The functions, by event:
//
//	Begin, RecordOutcome                a request to create
//	Adopt, RecordAbsence, Settle        a lookup's result
//	Renew, RenewRefused                 a proof that a token created nothing
//	Confirm                             what BCE shows about a HaVIP that it reported as created
//	Release                             the worker that claimed the item is dead
//	Cancel, Retry, Rollback, Resolve    an operator's command
//	BeginDeletion, RecordDeletion       a request to delete
package lifecycle
