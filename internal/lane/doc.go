// Package lane holds what a fleet of workers shares about a lane (account × region), in Redis: the
// rate at which they may create, which is one budget however many workers there are ([Limiter]),
// and what holds the lane or one of its subnets back after a fault that is not an item's own
// ([Breaker]). [Gate] is both together, for the handlers of one process.
package lane
