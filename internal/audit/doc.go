// Package audit compares the ledger with BCE, and examines the installation.
//
// # Verify
//
// A [Verifier] compares a batch in the ledger with BCE: one paged listing for each lane of the
// batch, then the batch's items in their order. Each disagreement is a [Finding] of some [Kind]. It only
// reads. Each HaVIP and each item is read a bounded number of times, and memory holds an index of the
// listing, with long texts cut to their beginning and a hash, whatever the size of the batch and of its
// descriptions.
//
// The ledger is read after the listing. Items that change in between (a batch may be verified while it
// runs) are counted as moving and not compared; see [Tally].
//
// # Doctor
//
// A [Doctor] examines Redis, clocks, credentials, queues, lanes and workers. Every [Diagnosis] says what
// was found, what that means and what to do about it. On request, it repairs what needs no human
// decision. The ledger makes that safe: it decides what a task does, so that a superfluous task costs a
// read and never creates a HaVIP.
//
// Nothing here reads a large structure of Redis as a whole: ranges are bounded, and a diagnosis says how
// much of a queue it read.
package audit
