package audit

import (
	"cmp"
	"slices"

	"havip/ledger"
	"havip/tasks"
)

// place is what an item asks for: a name in a subnet, and an address if it wants a certain one.
type place struct{ subnetID, name, address string }

func placeOf(r tasks.Request) place { return place{r.SubnetID, r.Name, r.PrivateIPAddress} }

// strays are the HaVIPs of a lane that are the recorded result of no item of the batch, and could
// belong to one. Every stray is taken at most once: a HaVIP makes one finding, however many items
// ask for its like.
type strays struct {
	// byPlace has each unowned stray twice: with its address, and without for items that leave the
	// address to BCE.
	byPlace map[place][]*entry
	// byOwner has those that belong to an item of the batch whose record does not say so.
	byOwner map[string][]*entry
	// wanted counts the items yet to be judged that would account for a stray by being unfinished
	// or failed: they come before items that have their HaVIP already.
	wanted map[place]int
}

func newStrays() strays {
	return strays{byPlace: map[place][]*entry{}, byOwner: map[string][]*entry{}, wanted: map[place]int{}}
}

func (s strays) addUnowned(e *entry) {
	exact, anywhere := e.placed()
	s.byPlace[anywhere] = append(s.byPlace[anywhere], e)
	if exact != anywhere {
		s.byPlace[exact] = append(s.byPlace[exact], e)
	}
}

func (s strays) addOwned(owner ledger.Owner, e *entry) {
	s.byOwner[owner.Key] = append(s.byOwner[owner.Key], e)
}

// sort puts the oldest first.
func (s strays) sort() {
	for _, entries := range s.byPlace {
		slices.SortFunc(entries, func(a, b *entry) int {
			return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id))
		})
	}
}

func (s strays) want(p place) { s.wanted[p]++ }

func (s strays) wantNoMore(p place) { s.wanted[p]-- }

// isWanted reports whether an item that is yet to come should account for the stray.
func (s strays) isWanted(e *entry) bool {
	exact, anywhere := e.placed()
	return s.wanted[anywhere] > 0 || s.wanted[exact] > 0
}

// owned takes the strays that belong to the item.
func (s strays) owned(key string) []*entry {
	return take(s.byOwner[key], len(s.byOwner[key]))
}

// oldest takes the oldest stray of the place, if there is one.
func (s strays) oldest(p place) []*entry {
	entries := s.byPlace[p]
	for len(entries) > 0 && entries[0].taken {
		entries = entries[1:]
	}
	s.byPlace[p] = entries
	return take(entries, min(1, len(entries)))
}

// rest takes every stray of the place that no item to come accounts for.
func (s strays) rest(p place) []*entry {
	if len(s.byPlace[p]) == 0 || s.wanted[p] > 0 { // all of them are wanted
		return nil
	}
	var free, left []*entry
	for _, e := range s.byPlace[p] {
		switch {
		case e.taken:
		case s.isWanted(e):
			left = append(left, e)
		default:
			free = append(free, e)
		}
	}
	s.byPlace[p] = left
	return take(free, len(free))
}

func take(entries []*entry, n int) []*entry {
	taken := slices.Clone(entries[:n])
	for _, e := range taken {
		e.taken = true
	}
	return taken
}
