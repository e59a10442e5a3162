package memredis

import "slices"

var setCommands = map[string]command{
	"SADD":       {3, -1, sAdd},
	"SREM":       {3, -1, sRem},
	"SMEMBERS":   {2, 2, sMembers},
	"SISMEMBER":  {3, 3, sIsMember},
	"SMISMEMBER": {3, -1, sMIsMember},
	"SCARD":      {2, 2, sCard},
}

// members is a set, in the order of their bytes.
type members struct{ names []string }

func newMembers() *members { return &members{} }

func (m *members) clone() value { return &members{slices.Clone(m.names)} }
func (m *members) kind() string { return "set" }
func (m *members) empty() bool  { return len(m.names) == 0 }
func (m *members) size() int    { return length(m.names) }

func length(texts []string) int {
	n := 0
	for _, text := range texts {
		n += len(text)
	}
	return n
}

func (m *members) all() []string {
	if m == nil {
		return nil
	}
	return m.names
}

func (m *members) has(name string) bool {
	_, found := slices.BinarySearch(m.all(), name)
	return found
}

func sAdd(s *Store, args []string) (reply, error) {
	m, err := create(s, args[1], newMembers)
	if err != nil {
		return replyNil, err
	}
	added := 0
	for _, name := range args[2:] {
		if i, found := slices.BinarySearch(m.names, name); !found {
			m.names = slices.Insert(m.names, i, name)
			added++
		}
	}
	if added > 0 {
		s.changed()
	}
	return integer(added), nil
}

func sRem(s *Store, args []string) (reply, error) {
	m, err := edit[*members](s, args[1])
	if m == nil || err != nil {
		return integer(0), err
	}
	removed := 0
	for _, name := range args[2:] {
		if i, found := slices.BinarySearch(m.names, name); found {
			m.names = slices.Delete(m.names, i, i+1)
			removed++
		}
	}
	if removed > 0 {
		s.settle(args[1], m)
	}
	return integer(removed), nil
}

func sMembers(s *Store, args []string) (reply, error) {
	m, err := view[*members](s, args[1])
	return bulks(m.all()), err
}

func sIsMember(s *Store, args []string) (reply, error) {
	m, err := view[*members](s, args[1])
	return truth(m.has(args[2])), err
}

func sMIsMember(s *Store, args []string) (reply, error) {
	m, err := view[*members](s, args[1])
	list := make([]reply, len(args)-2)
	for i, name := range args[2:] {
		list[i] = truth(m.has(name))
	}
	return array(list...), err
}

func sCard(s *Store, args []string) (reply, error) {
	m, err := view[*members](s, args[1])
	return integer(len(m.all())), err
}
