// Package ledger is the durable record of what was requested and of the results: the source of truth of this project. asynq's
// queue is only transport; the ledger decides, whatever the queue forgets, repeats or loses.
//
// # The model
//
// A batch is a named set of items. An item is one requested HaVIP, identified by (batch, key). Its [Spec] never changes after
// registration. The pure functions of package lifecycle decide how its [Record] changes; this package stores it. Its states:
//
//	queued ─▶ sending ─▶ created | adopted | rejected
//	             │  ▲
//	             ▼  │
//	       unknown, waiting, queued (again)      review, canceled
//
//	created ─▶ deleting ─▶ deleted, or created again
//
// Created, adopted, rejected, review, canceled and deleted are terminal. [Ledger.Retry] continues rejected, canceled and
// reviewed items. [Ledger.Cancel] cancels unfinished items as soon as it is certain that nothing was created for them.
// [Ledger.Rollback] deletes the HaVIPs that were created.
//
// # Guarantees
//
//   - One script (lua/change.lua) commits a change of an item, in one Redis Cluster slot, and only if the item is unchanged
//     since it was read; otherwise the item is read again and the decision is repeated. The change is atomic together with
//     the batch's counters, events, failure limit and completion, even if a process dies.
//   - Every change is safe to repeat with the same arguments, as a caller must after a lost reply: the second time changes
//     nothing.
//   - A change that does not apply is refused with a result; nothing is overwritten.
//   - [Ledger.Begin] records the intent to send before anything is sent, and allows one attempt of an item in flight at a time.
//   - A proof that a HaVIP exists is accepted whenever it arrives.
//   - Each completion of a batch with a URL adds a pending [Notification] in the same atomic step.
//   - An item gets its next clientToken only after it is proven that the last one created nothing.
//
// # Keys
//
// All keys of batch B have the hash tag {B}; lua/prelude.lua lists them. They cost less than 1 KiB per item besides its own
// text. No operation uses KEYS or SCAN, and the cost of [Ledger.Batch] does not depend on the batch's size.
package ledger
