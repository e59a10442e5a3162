// Package simulation tells random stories of the whole system in one process, on a clock of its own: producers,
// workers with their real parts, people and their commands, a queue that does what asynq's servers do, a Redis in
// memory, and a BCE that makes use of everything that its documentation leaves open.
//
// At every call to Redis and to BCE a story may go on somewhere else: processes die, stop and go on, answers are
// lost, requests arrive late, Redis loses its last seconds or is restored from a backup, clocks step. After that
// nothing fails any more, and everything must come to an end; then BCE and the ledgers are compared.
//
// A story is made of draws from a seed, so it can be repeated and shortened.
package simulation
