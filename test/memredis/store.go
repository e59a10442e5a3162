package memredis

import (
	"maps"
	"sync"
	"time"
)

// Store is a Redis in memory. It is safe for concurrent use.
type Store struct {
	now func() time.Time

	mu   sync.Mutex
	keys map[string]*entry
	// shared says that a snapshot has the map of keys, which is to be copied before it is changed.
	shared bool
	// age counts the snapshots: an entry of an earlier age may be in one, and is copied before it is changed.
	age uint64

	scripts       map[string]*script
	scriptsShared bool

	// at is the time of the call under way: a script sees one time.
	at time.Time
	// changes counts what the calls changed; writes, the commands that changed something.
	changes, writes int

	// scripting says that a script is under way.
	scripting  bool
	args       []string // of the command under way; kept to be used again
	scriptArgs []string // of the command that a script calls
}

// New returns an empty Redis whose clock is now: it gives TIME, expiry and the IDs of streams. The clock is read
// while the Store is locked, so it must not use it.
func New(now func() time.Time) *Store {
	return &Store{now: now, keys: map[string]*entry{}, scripts: map[string]*script{}}
}

// Writes is how many commands have changed something so far; a script that did counts once. Restoring a
// snapshot leaves it.
func (s *Store) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// millis is the time of the call under way.
func (s *Store) millis() int64 { return s.at.UnixMilli() }

// changed notes that the command under way changed something.
func (s *Store) changed() { s.changes++ }

// own makes the map of keys one that may be changed.
func (s *Store) own() {
	if s.shared {
		s.keys, s.shared = maps.Clone(s.keys), false
	}
}
