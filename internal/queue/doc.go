// Package queue looks into asynq's queue of a lane, and mends what asynq itself does not.
//
// asynq loses sight of tasks in some corners: a task that is active without a lease is never
// recovered, an ID whose task was evicted stalls a worker and stays active for ever, an archived
// task keeps its ID from being used, and a queue's name vanishes with a flush. The ledger makes it
// safe to mend these: it decides what a task does, so that a task too many costs a look and never a
// HaVIP.
//
// Nothing here walks a large structure as a whole: every range is bounded. asynq's keys are known
// here and nowhere else, as of v0.26.
package queue
