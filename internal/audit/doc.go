// Package audit compares what this project believes with what is.
//
// # Verify
//
// A [Verifier] compares a batch in the ledger with BCE: one paged listing for each lane of the
// batch, then the batch's items in their order. What does not agree is a [Finding], of one of five
// kinds; see [Kind]. It reads only. Each HaVIP and each item is looked at a bounded number of times,
// and what is kept in memory is an index of the listing, with long texts cut to their beginning and
// a hash: neither a batch's size nor its descriptions count.
//
// A listing is of one moment and the ledger of the next. What moves in between (a batch may be
// verified while it runs) is counted as moving and not judged; see [Tally].
//
// # Doctor
//
// A [Doctor] examines what the work rests on: Redis, clocks, credentials, queues, lanes and workers.
// Every [Diagnosis] says what was found, what that means and what to do about it. Told to, it
// repairs what can be repaired without a person's judgement. The ledger makes that safe: it decides
// what a task does, so that a task too many costs a look and never a HaVIP.
//
// Nothing here walks a large structure of Redis as a whole: ranges are bounded, and a diagnosis says
// how much of a queue it looked at.
package audit
