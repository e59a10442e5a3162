// Package lane keeps the state that all workers share about a lane (account × region) in Redis: the rate of
// creates, which is one budget for all workers ([Limiter]), and the circuit breaker, which suspends the lane or
// one of its subnets after a fault that is not an item's own ([Breaker]). [Gate] combines both for the handlers
// of one process.
package lane
