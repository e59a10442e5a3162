package memredis

// entry is what a key has. An entry of an age before the Store's is never changed.
type entry struct {
	value   value
	expires int64 // Unix milliseconds, 0 for never
	age     uint64
}

// value is of one of Redis's types.
type value interface {
	// clone returns a value that can be changed while this one stays.
	clone() value
	kind() string
	// size is about how many bytes it has.
	size() int
	empty() bool
}

// find returns the entry of a key, nil if there is none. It must not be changed.
func (s *Store) find(key string) *entry {
	e := s.keys[key]
	if e == nil || e.expires == 0 || e.expires > s.millis() {
		return e
	}
	s.own()
	delete(s.keys, key)
	return nil
}

// open returns the entry of a key to be changed, nil if there is none.
func (s *Store) open(key string) *entry {
	e := s.find(key)
	if e == nil || e.age == s.age {
		return e
	}
	e = &entry{value: e.value.clone(), expires: e.expires, age: s.age}
	s.own()
	s.keys[key] = e
	return e
}

// put gives a key a value, which does not expire.
func (s *Store) put(key string, v value) {
	s.own()
	s.keys[key] = &entry{value: v, age: s.age}
	s.changed()
}

// drop deletes a key and reports whether it was there.
func (s *Store) drop(key string) bool {
	if s.find(key) == nil {
		return false
	}
	s.own()
	delete(s.keys, key)
	s.changed()
	return true
}

// view returns the value of a key to be read. Without the key it is T's nil, which is an empty value.
func view[T value](s *Store, key string) (T, error) {
	return typed[T](s.find(key))
}

// edit returns the value of a key to be changed, or T's nil.
func edit[T value](s *Store, key string) (T, error) {
	return typed[T](s.open(key))
}

// create returns the value of a key to be changed, and a fresh one if there is none.
func create[T value](s *Store, key string, fresh func() T) (T, error) {
	if e := s.open(key); e != nil {
		return typed[T](e)
	}
	v := fresh()
	s.own()
	s.keys[key] = &entry{value: v, age: s.age}
	return v, nil
}

// settle ends a change of a key's value: one that has become empty is no more.
func (s *Store) settle(key string, v value) {
	s.changed()
	if v.empty() {
		s.own()
		delete(s.keys, key)
	}
}

func typed[T value](e *entry) (T, error) {
	var none T
	if e == nil {
		return none, nil
	}
	v, ok := e.value.(T)
	if !ok {
		return none, errWrongType
	}
	return v, nil
}
