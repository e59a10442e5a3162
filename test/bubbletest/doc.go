// Package bubbletest puts a Redis and an HTTP server inside a [testing/synctest] bubble.
//
// The clock of a bubble stands still while a goroutine waits for a socket, and moves on while it waits for
// a pipe. So everything here is connected by pipes: an outage of minutes or a request that takes its whole
// timeout then costs a test moments, and no verdict depends on the speed of the machine.
package bubbletest
