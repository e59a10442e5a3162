// Package hazards provokes what asynq gets wrong, each for real, and shows that an item still ends
// once and recorded. It has tests only; docs/HAZARDS.md says which test shows what.
//
// Most of it happens inside a [testing/synctest] bubble: asynq as it is, whole workers or
// a Handler of their own, miniredis and the simulated BCE over pipes. The bubble's clock jumps when
// everybody waits, so that an outage of minutes and a day of retries take moments, and every run
// meets the same end of the same lease. What needs more than miniredis has (a cluster, replicas) or
// much of it (15,000 items) runs on real servers, by the real clock.
package hazards
