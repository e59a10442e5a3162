// Package ledger is the durable record of what was asked for and what became of it: the
// truth of this project. asynq's queue is only transport; whatever it forgets, repeats or
// loses, the ledger decides.
//
// # The model
//
// A batch is a named set of items. An item is one wanted HaVIP, known by (batch, key). Its
// [Spec] is frozen when it is registered. What becomes of its [Record] is decided by the pure functions of
// package lifecycle; this package stores it. Its states:
//
//	queued ─▶ sending ─▶ created | adopted | rejected
//	             │  ▲
//	             ▼  │
//	       unknown, waiting, queued (again)      review, canceled
//
//	created ─▶ deleting ─▶ deleted, or created again
//
// Created, adopted, rejected, review, canceled and deleted are terminal. [Ledger.Retry] lets rejected,
// canceled and reviewed items go on. [Ledger.Cancel] withdraws unfinished ones, as soon as it is certain
// that nothing was created for them. [Ledger.Rollback] has what was created deleted.
//
// # Guarantees
//
//   - A change of an item is committed by one script (lua/change.lua) over one Redis Cluster slot, and only
//     if the item is still as it was when the change was decided; otherwise it is read and decided again.
//     It happens whole or not at all, whichever process dies, together with the batch's counters, events,
//     failure limit and completion.
//   - Every change may be repeated with the same arguments, as a caller must after a lost
//     reply: the second time changes nothing.
//   - A change that does not apply is refused with a verdict; nothing is overwritten.
//   - [Ledger.Begin] makes the intent to send durable before a byte is sent, and lets one
//     attempt of an item be in flight at a time.
//   - A proof that a HaVIP exists is accepted whenever it arrives.
//   - A batch that names a URL owes it a [Notification] of each completion from the same atomic step on.
//   - An item gets its next clientToken only when it is proven that the last one created nothing.
//
// # Keys
//
// All keys of batch B carry the hash tag {B}; lua/prelude.lua lists them. They cost less than
// 1 KiB an item besides its own text. Nothing here uses KEYS or SCAN, and the counters make
// [Ledger.Batch] independent of a batch's size.
package ledger
