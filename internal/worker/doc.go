// Package worker is the process part of a worker: one asynq server for each lane, all over one
// Redis client, started together and stopped together.
//
// Stopping is in two steps, so that nothing is lost, repeated or counted: first the handlers
// drain (what has not begun an attempt goes back to the queue), then the servers wait for the
// attempts in flight, whose deadline is shorter than the grace.
package worker
