package plan

import (
	"slices"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
)

// laneView is the HaVIPs that exist in a lane, with their owners.
type laneView struct {
	*tasks.Index
	lane    tasks.Lane
	owners  map[string]ledger.Owner
	subnets map[string]*subnet
}

func newLaneView(lane tasks.Lane) *laneView {
	return &laneView{Index: tasks.NewIndex(), lane: lane, owners: map[string]ledger.Owner{}, subnets: map[string]*subnet{}}
}

// ownedByAnother reports whether a HaVIP is the result of another item.
func (v *laneView) ownedByAnother(id string, self ledger.Owner) bool {
	owner, owned := v.owners[id]
	return owned && owner != self
}

// has reports whether one of these HaVIPs is recorded as the item's own.
func (v *laneView) has(self ledger.Owner, havips []bce.HaVIP) bool {
	return slices.ContainsFunc(havips, func(h bce.HaVIP) bool { return v.owners[h.ID] == self })
}
