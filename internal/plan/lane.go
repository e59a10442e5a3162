package plan

import (
	"slices"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
)

// place is a subnet and a name or address in it.
type place struct{ subnetID, word string }

// laneView is what exists in a lane, and whose it is.
type laneView struct {
	lane      tasks.Lane
	byName    map[place][]bce.HaVIP
	byAddress map[place][]bce.HaVIP
	owners    map[string]ledger.Owner
	subnets   map[string]*subnet
}

func newLaneView(lane tasks.Lane) *laneView {
	return &laneView{
		lane: lane, byName: map[place][]bce.HaVIP{}, byAddress: map[place][]bce.HaVIP{},
		owners: map[string]ledger.Owner{}, subnets: map[string]*subnet{},
	}
}

// add enters a HaVIP that exists. What no judgement needs is not kept.
func (v *laneView) add(h bce.HaVIP) {
	h = bce.HaVIP{ID: h.ID, Name: h.Name, SubnetID: h.SubnetID, PrivateIPAddress: h.PrivateIPAddress, CreatedTime: h.CreatedTime}
	name, address := place{h.SubnetID, h.Name}, place{h.SubnetID, h.PrivateIPAddress}
	v.byName[name] = append(v.byName[name], h)
	if h.PrivateIPAddress != "" {
		v.byAddress[address] = append(v.byAddress[address], h)
	}
}

// like returns what has the request's subnet and its name or address.
func (v *laneView) like(r tasks.Request) []bce.HaVIP {
	found := slices.Clone(v.byName[place{r.SubnetID, r.Name}])
	for _, h := range v.holders(r) {
		if h.Name != r.Name {
			found = append(found, h)
		}
	}
	return found
}

// holders are the HaVIPs that have the address which is asked for, if one is.
func (v *laneView) holders(r tasks.Request) []bce.HaVIP {
	if r.PrivateIPAddress == "" {
		return nil
	}
	return v.byAddress[place{r.SubnetID, r.PrivateIPAddress}]
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
