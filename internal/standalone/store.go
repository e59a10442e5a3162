// Package standalone is the Redis that a program brings along, so that a file of HaVIPs can
// be created without anything being installed or started first.
//
// There are two kinds. [InProcess] lives in the program's memory and ends with it: for a trial
// against the simulator, where there is nothing to remember. [Child] runs a redis-server
// of its own over a state directory, where every acknowledged write is on disk: for real
// work, where a run that was killed must go on from where it was. [Share] opens such a directory for a
// command: it connects to the server that a running program has over it, or else starts one.
//
// # One store over one directory
//
// Two servers over one append-only file would ruin it. A lock file in the directory is held
// by the program and, as an inherited descriptor, by its redis-server; the kernel lets go
// of it when both are gone, however they went. A start that finds it held waits a moment,
// for a server that is just dying with its program, and then says who holds it.
package standalone

import (
	"sync"

	"havip/internal/redisconn"
)

// Store is a Redis that belongs to this program. Its methods may be called from any
// goroutine.
type Store struct {
	client redisconn.Client
	url    string
	// ended is closed when the server is gone; cause says why, nil if Close ended it.
	ended <-chan struct{}
	cause func() error
	// release ends the server and gives back what it held.
	release func() error

	durable, attended bool

	closeOnce sync.Once
	closeErr  error
}

// Client returns the store's one client, made by package redisconn: asynq's acks are healed
// on it. It is closed by [Store.Close] and not to be closed by itself.
func (s *Store) Client() redisconn.Client { return s.client }

// URL is where the client connects to, without a password; "" for a store in memory.
func (s *Store) URL() string { return s.url }

// Durable reports whether what was acknowledged survives the end of the program.
func (s *Store) Durable() bool { return s.durable }

// Attended reports whether the server is that of a program which works on the store.
func (s *Store) Attended() bool { return s.attended }

// Done is closed when the server has ended, by [Store.Close] or of its own accord.
func (s *Store) Done() <-chan struct{} { return s.ended }

// Err returns why the server ended of its own accord, with the end of its log; nil while it
// runs and after [Store.Close].
func (s *Store) Err() error {
	select {
	case <-s.ended:
		return s.cause()
	default:
		return nil
	}
}

// Close closes the client, ends the server and waits until it is gone. Calls after the
// first return what the first did.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.release() })
	return s.closeErr
}
