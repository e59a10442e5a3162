// Package tasks defines the create-HaVIP task: its payload, the [Producer] that enqueues it, and the [Handler] that runs it.
//
// # Exactly one HaVIP per item
//
// An item is identified by (batch, key). Its clientToken, BCE's idempotency key, is generated once, when the item is enqueued.
// Every attempt sends it again with the same body bytes, so that an attempt whose answer was lost can be repeated safely. The
// ledger decides what to do; asynq's queue only delivers tasks to workers, and may lose or repeat them.
//
// # The steps of the handler
//
//  1. decode the payload; archive an unreadable one with the reason. A task of this package names its item; the request is in the
//     ledger
//  2. wait for the lane's permission to send
//  3. begin: the ledger records the intent to send, or says why not
//  4. send, with a context that neither asynq nor a shutdown cancels
//  5. classify the answer, once, in a pure function
//  6. record the outcome
//  7. read the address that BCE chose
//  8. return a decision: done, retry after a delay, or archive
//
// # Use from other programs
//
// [Client] serves any Go program: it enqueues, waits, and reads events and results. [Producer] is the part of it that enqueues
// tasks, for files with a million items. Producers in other languages put tasks of type [TypeCreate] with a [Payload] in JSON
// into the queue [Lane.Queue]; examples/foreign has two.
package tasks
