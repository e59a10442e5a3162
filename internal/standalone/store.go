// Package standalone runs a Redis for one program, so that a file of HaVIPs can be created without starting anything
// first.
//
// There are two kinds. [InProcess] is in the program's memory and ends with it: for trials against the simulator.
// [Child] runs a redis-server over a state directory, where every acknowledged write is on disk: for real work, where a
// killed run must continue. [Share] opens such a directory for a command: it connects to the server of a running
// program, or else starts one.
//
// # One store over one directory
//
// Two servers over one append-only file would corrupt it. The program and, by an inherited descriptor, its
// redis-server hold a lock file in the directory; the kernel releases it when both have ended in any way. A start that
// finds it locked waits a moment, for a server that is ending with its program, and then reports the owner.
package standalone

import (
	"sync"

	"havip/internal/redisconn"
)

// Store is a program's own Redis. It is safe for concurrent use.
type Store struct {
	client redisconn.Client
	url    string
	// ended is closed when the server has ended; cause says why, nil if Close ended it.
	ended <-chan struct{}
	cause func() error
	// release ends the server and releases its resources.
	release func() error

	durable, attended bool

	closeOnce sync.Once
	closeErr  error
}

// Client returns the store's only client, created by package redisconn. [Store.Close] closes it.
func (s *Store) Client() redisconn.Client { return s.client }

// URL is the client's URL without a password; "" for a store in memory.
func (s *Store) URL() string { return s.url }

// Durable reports whether acknowledged writes survive the end of the program.
func (s *Store) Durable() bool { return s.durable }

// Attended reports whether the server belongs to a program that works on the store.
func (s *Store) Attended() bool { return s.attended }

// Done is closed when the server has ended, by [Store.Close] or by itself.
func (s *Store) Done() <-chan struct{} { return s.ended }

// Err returns why the server ended by itself, with the end of its log; nil while it runs and after [Store.Close].
func (s *Store) Err() error {
	select {
	case <-s.ended:
		return s.cause()
	default:
		return nil
	}
}

// Close closes the client, ends the server and waits for its end. Later calls return the first call's result.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.release() })
	return s.closeErr
}
