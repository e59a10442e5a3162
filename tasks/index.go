package tasks

import (
	"maps"
	"slices"

	"havip/bce"
)

// Index stores the HaVIPs of a lane, by subnet and name or address. It keeps only what identifies their owner: there may be a hundred
// thousand.
type Index struct {
	byID              map[string]*bce.HaVIP
	byName, byAddress map[place][]*bce.HaVIP
}

// place is a subnet and a name or address.
type place struct{ subnetID, nameOrAddress string }

// NewIndex returns an empty index.
func NewIndex() *Index {
	return &Index{byID: map[string]*bce.HaVIP{}, byName: map[place][]*bce.HaVIP{}, byAddress: map[place][]*bce.HaVIP{}}
}

// Add adds a HaVIP and reports whether it is new: pages overlap while HaVIPs are created and deleted.
func (x *Index) Add(h bce.HaVIP) bool {
	if x.byID[h.ID] != nil {
		return false
	}
	kept := &bce.HaVIP{ID: h.ID, Name: h.Name, SubnetID: h.SubnetID, PrivateIPAddress: h.PrivateIPAddress, CreatedTime: h.CreatedTime}
	x.byID[h.ID] = kept
	name, address := place{h.SubnetID, h.Name}, place{h.SubnetID, h.PrivateIPAddress}
	x.byName[name] = append(x.byName[name], kept)
	if h.PrivateIPAddress != "" {
		x.byAddress[address] = append(x.byAddress[address], kept)
	}
	return true
}

// Len returns the number of HaVIPs.
func (x *Index) Len() int { return len(x.byID) }

// Has reports whether there is a HaVIP with that ID.
func (x *Index) Has(id string) bool { return x.byID[id] != nil }

// IDs returns the haVipIds in no particular order.
func (x *Index) IDs() []string { return slices.Collect(maps.Keys(x.byID)) }

// Like returns the HaVIPs that have the request's subnet and its name or address.
func (x *Index) Like(r Request) []bce.HaVIP {
	found := values(x.byName[place{r.SubnetID, r.Name}])
	for _, h := range x.Holders(r) {
		if h.Name != r.Name {
			found = append(found, h)
		}
	}
	return found
}

// Holders returns the HaVIPs that have the request's address, if it asks for one.
func (x *Index) Holders(r Request) []bce.HaVIP {
	if r.PrivateIPAddress == "" {
		return nil
	}
	return values(x.byAddress[place{r.SubnetID, r.PrivateIPAddress}])
}

func values(kept []*bce.HaVIP) []bce.HaVIP {
	havips := make([]bce.HaVIP, len(kept))
	for i, h := range kept {
		havips[i] = *h
	}
	return havips
}
