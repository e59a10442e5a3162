// Package worker runs a worker process: one asynq server per lane, all on one Redis client, started and
// stopped together.
//
// A worker stops in two steps, so that no task is lost, repeated or counted as a failure. First the
// handlers drain: tasks that have not begun an attempt return to the queue. Then the servers wait for the
// attempts in flight, whose deadline is shorter than the grace period.
package worker
