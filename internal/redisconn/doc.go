// Package redisconn connects to the Redis that holds the ledger and the queues.
//
// [Open] takes a URL for any of the five ways a Redis is run (see [Parse]) and returns a
// client set up for this project. [WaitReady] waits for a Redis that is starting, and
// [Check] checks whether it keeps acknowledged writes. A [ReplicationCheck] verifies that writes
// survive a failover.
//
// # Errors
//
// Commands of a client of this package that fail because of the server or the connection return a [*ConnError]: what
// happened, if possible in Redis's own words, and what to do, depending on how the Redis is run. [Passing] and [Lasting] say
// whether waiting helps, and [Await] waits. asynq's errors have lost their type, and the commands of a shared pipeline keep
// their own errors: [Explain] explains those at a program's edge.
//
// # What is retried
//
// go-redis sends a command again when its reply is lost, without knowing whether it was executed.
// That is right for idempotent commands, and so it is enabled (three retries, 10 ms to 1 s apart):
//
//   - the ledger's and the lanes' scripts, which are idempotent by construction;
//   - asynq's enqueue: with a task ID, the second one is refused as a duplicate;
//   - asynq's dequeue: after a lost reply, the task waits for the end of its lease in any case;
//     asynq itself repeats it at once, and without the delays between the retries it would do so
//     in a tight loop throughout an outage.
//
// It is wrong for asynq's acks (done, complete, retry, archive, requeue), which are sent once. A
// second "done" only answers NOT FOUND; but a second "retry" can find the task active again, and
// take it from another worker.
//
// # Repair of acks
//
// asynq keeps a failed ack and repeats it every 5 s until the task's lease ends. Since v0.25 it
// uses a context that it has already canceled, so that no repetition is ever sent and the finished
// task runs again about a minute later. Clients of this package send a repetition under a new
// context, after checking that it is still needed: see [RepairAcks].
//
// # What is not sent
//
// Neither CLIENT SETINFO nor maintenance notifications: the first costs a round trip per
// connection, the second is for a hosted service's protocol, and servers without these commands log
// an error for each.
package redisconn
