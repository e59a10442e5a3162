// Package lifecycle is the life of an item as pure functions: what may be done with it next, and what
// becomes of it. Each rule of an item's life stands here, once.
//
// A function takes a [Snapshot] (the item's record and the facts of its batch, as they were read at one
// moment) and an event, and returns a decision for the caller and a [Change] to commit. It knows nothing
// of Redis, asynq, clocks, randomness or I/O: package ledger reads snapshots and commits changes, and
// commits one only if the record is still the one that the decision was made from.
//
// The functions, by event:
//
//	Begin, RecordOutcome                a request to create
//	Adopt, RecordAbsence, Settle        what a lookup found, or did not
//	Renew                               the proof that a token created nothing
//	Confirm                             what BCE shows of a HaVIP that it answered to have created
//	Release                             the worker that held the item is dead
//	Cancel, Retry, Rollback             a person's command
//	BeginDeletion, RecordDeletion       a request to delete
package lifecycle
