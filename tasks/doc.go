// Package tasks is what a create-HaVIP task is: its payload, the [Producer] that puts it in
// the queue, and the [Handler] that carries it out.
//
// # Exactly one HaVIP an item
//
// An item is known by (batch, key). Its clientToken, BCE's idempotency key, is made once, when
// the item is enqueued, and every attempt sends it again with the same body bytes, so that an
// attempt whose answer was lost can be repeated safely. The ledger decides what is to be done;
// asynq's queue only brings tasks to workers, and may lose or repeat them.
//
// # The handler's spine
//
//  1. decode the payload; what cannot be read is archived with the reason
//  2. wait for the lane's permission to send
//  3. begin: the intent to send is durable, or the ledger says why not
//  4. send, on a context that neither asynq nor a shutdown cancels
//  5. classify the answer, once, in a pure function
//  6. record the outcome
//  7. learn the address that BCE chose
//  8. return a decision: done, again after a delay, or archive
//
// # Import it
//
// [Client] serves any Go program: it enqueues, waits, and reads events and results. [Producer] is the
// part of it that puts tasks, for files of a million items. Producers in other languages put tasks of
// type [TypeCreate] with a [Payload] in JSON into the queue [Lane.Queue]; examples/foreign has two.
package tasks
