// Package redisconn connects to the Redis that holds the ledger and the queues.
//
// [Open] takes a URL for any of the five ways a Redis is run (see [Parse]) and returns a
// client set up for this project. [WaitReady] waits for a Redis that is starting, and
// [Check] checks whether it keeps acknowledged writes. A [ReplicationCheck] verifies that writes
// survive a failover.
//
// # Errors
//
// Commands of a client of this package that fail for a reason of the server or of the way to it return a [*ConnError]: what
// happened, in Redis's own words where it has some, and what to do, by how the Redis is run. [Passing] and [Lasting] say
// whether waiting helps, and [Await] waits. What asynq returns has lost its type, and the commands of a pipeline that many
// goroutines share keep their own errors: [Explain] explains those at a program's edge.
//
// # What is retried
//
// go-redis sends a command again when its reply is lost, without knowing whether it was
// carried out. That is right for whatever may be done twice, and so it is left on (three
// retries, 10 ms to 1 s apart):
//
//   - the ledger's and the lanes' scripts, which are idempotent by construction;
//   - asynq's enqueue: with a task ID the second one answers "already there";
//   - asynq's dequeue: a lost reply leaves its task to lease expiry whether or not the
//     command is sent again, asynq itself asks again at once, and without the pauses
//     between the retries it would do so in a tight loop throughout an outage.
//
// It is wrong for asynq's acks (done, complete, retry, archive, requeue), which are sent
// once. A second "done" answers NOT FOUND, which is only noise; but a second "retry" can
// find the task active again, in the hands of another worker, and pull it from under it.
//
// # Acks are healed
//
// asynq keeps an ack that failed and repeats it every 5 s until the task's lease ends.
// Since v0.25 it does so with a context that its own deferred cancel has ended, so that no
// repetition ever leaves the process and the finished task runs again about a minute
// later. Clients of this package carry an ack's repetition on a context of its own, and
// first ask whether there is anything left to repeat: see [HealAcks].
//
// # What is not sent
//
// Neither CLIENT SETINFO nor maintenance notifications: the first costs a round trip for
// each connection, the second is for a hosted service's own protocol, and servers that know
// neither log an error for each.
package redisconn
