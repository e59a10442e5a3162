package audit

import (
	"cmp"
	"slices"

	"havip/ledger"
	"havip/tasks"
)

// place is what an item requests: a name in a subnet, and an address if it requests one.
type place struct{ subnetID, name, address string }

func placeOf(r tasks.Request) place { return place{r.SubnetID, r.Name, r.PrivateIPAddress} }

// unrecordedHaVIPs are the HaVIPs of a lane that no item of the batch has recorded, and that could belong to one.
// Each is taken at most once, so that a HaVIP makes one finding even if several items match.
type unrecordedHaVIPs struct {
	// byPlace has each HaVIP without an owner twice: with its address, and without one for items that let
	// BCE assign the address.
	byPlace map[place][]*entry
	// byOwner has those that an item of the batch owns but has not recorded.
	byOwner map[string][]*entry
	// wanted counts unfinished and failed items that are not compared yet: a HaVIP is theirs rather than an
	// item's that has one already.
	wanted map[place]int
}

func newUnrecorded() unrecordedHaVIPs {
	return unrecordedHaVIPs{byPlace: map[place][]*entry{}, byOwner: map[string][]*entry{}, wanted: map[place]int{}}
}

func (s unrecordedHaVIPs) addUnowned(e *entry) {
	exact, anywhere := e.placed()
	s.byPlace[anywhere] = append(s.byPlace[anywhere], e)
	if exact != anywhere {
		s.byPlace[exact] = append(s.byPlace[exact], e)
	}
}

func (s unrecordedHaVIPs) addOwned(owner ledger.Owner, e *entry) {
	s.byOwner[owner.Key] = append(s.byOwner[owner.Key], e)
}

// sort puts the oldest first.
func (s unrecordedHaVIPs) sort() {
	for _, entries := range s.byPlace {
		slices.SortFunc(entries, func(a, b *entry) int {
			return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id))
		})
	}
}

func (s unrecordedHaVIPs) want(p place) { s.wanted[p]++ }

func (s unrecordedHaVIPs) wantNoMore(p place) { s.wanted[p]-- }

// isWanted reports whether the HaVIP may belong to an item that is not compared yet.
func (s unrecordedHaVIPs) isWanted(e *entry) bool {
	exact, anywhere := e.placed()
	return s.wanted[anywhere] > 0 || s.wanted[exact] > 0
}

// owned takes the HaVIPs that the item owns.
func (s unrecordedHaVIPs) owned(key string) []*entry {
	return take(s.byOwner[key], len(s.byOwner[key]))
}

// oldest takes the oldest HaVIP of the place, if there is one.
func (s unrecordedHaVIPs) oldest(p place) []*entry {
	entries := s.byPlace[p]
	for len(entries) > 0 && entries[0].taken {
		entries = entries[1:]
	}
	s.byPlace[p] = entries
	return take(entries, min(1, len(entries)))
}

// rest takes every HaVIP of the place that is not wanted.
func (s unrecordedHaVIPs) rest(p place) []*entry {
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
