package memredis

// Snapshot is a Store as it was at one moment. It never changes, and may be used by several Stores.
type Snapshot struct {
	keys    map[string]*entry
	scripts map[string]*script
	age     uint64
}

// Snapshot remembers the present moment. It copies nothing: what is written later is copied before.
func (s *Store) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := &Snapshot{keys: s.keys, scripts: s.scripts, age: s.age}
	s.age++
	s.shared, s.scriptsShared = true, true
	return taken
}

// Restore brings a moment back, with the scripts that were known then; the count of writes goes on. The snapshot
// may be used again, and may be another Store's.
func (s *Store) Restore(snapshot *Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.scripts = snapshot.keys, snapshot.scripts
	s.shared, s.scriptsShared = true, true
	s.age = max(s.age, snapshot.age) + 1
}
