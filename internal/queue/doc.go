// Package queue inspects asynq's queue of a lane and repairs what asynq itself does not.
//
// asynq loses tasks in some cases: an active task without a lease is never recovered; an ID whose task was evicted
// blocks a worker and stays active forever; an archived task blocks its ID; and a flush removes the queue's name. These
// repairs are safe because the ledger decides what a task does: an extra task costs a look-up and never a HaVIP.
//
// No operation reads a large structure as a whole: every range is bounded. Only this package depends on asynq's keys, as of
// v0.26.
package queue
