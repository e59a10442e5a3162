package audit

import (
	"time"

	"havip/bce"
	"havip/tasks"
)

// entry is what is kept of one HaVIP.
type entry struct {
	id, name, subnetID, address string
	description                 text
	// created is the zero time where BCE did not say.
	created time.Time
	// listed is false for a HaVIP that the ledger knows and the listing does not.
	listed bool
	// recordings counts the items of the batch whose result this is; recordedBy is the first's key.
	recordings int
	recordedBy string
	// taken: some item's finding is about it, or it is known to be nobody's finding.
	taken bool
}

// placed is the entry's place, for items that want its address; and anywhere for those that want none.
func (e *entry) placed() (exact, anywhere place) {
	return place{e.subnetID, e.name, e.address}, place{e.subnetID, e.name, ""}
}

func entryOf(h bce.HaVIP) *entry {
	return &entry{
		id: h.ID, name: h.Name, subnetID: h.SubnetID, address: h.PrivateIPAddress,
		description: textOf(h.Description), created: h.CreatedTime, listed: true,
	}
}

// index is what exists in a lane, and what the ledger says about it.
type index struct {
	lane tasks.Lane
	// began is when the listing began, by the ledger's clock; ahead is how far BCE's is before it.
	began time.Time
	ahead time.Duration

	entries map[string]*entry
	subnets map[string]string
	listed  int
	strays  strays
}

func newIndex(lane tasks.Lane, began time.Time) *index {
	return &index{lane: lane, began: began, entries: map[string]*entry{}, subnets: map[string]string{}}
}

// add enters a HaVIP of the listing. Pages may overlap while HaVIPs come and go.
func (x *index) add(h bce.HaVIP) {
	if known := x.entries[h.ID]; known != nil && known.listed {
		return
	}
	e := entryOf(h)
	// A lane has a few subnets and many HaVIPs: each name of one is kept once.
	if subnet, known := x.subnets[e.subnetID]; known {
		e.subnetID = subnet
	} else {
		x.subnets[e.subnetID] = e.subnetID
	}
	x.entries[e.id] = e
	x.listed++
}

// record notes whose result a HaVIP is. The first item has it.
func (x *index) record(id, key string) {
	e := x.entries[id]
	if e == nil {
		e = &entry{id: id}
		x.entries[id] = e
	}
	if e.recordings++; e.recordings == 1 {
		e.recordedBy = key
	}
}

// confirm enters a HaVIP that the listing did not have and that exists all the same.
func (x *index) confirm(h bce.HaVIP) *entry {
	e := entryOf(h)
	if known := x.entries[e.id]; known != nil {
		e.recordings, e.recordedBy = known.recordings, known.recordedBy
	}
	x.entries[e.id] = e
	x.listed++
	return e
}

// createdSlack is how much earlier than a batch, by the clocks as compared when listing, a HaVIP may
// have been created and still count as younger: BCE's times are whole seconds, and clocks drift.
const createdSlack = time.Minute

// since reports whether the HaVIP may have been created after a moment of the ledger's clock. One
// whose age is not known may.
func (x *index) since(e *entry, moment time.Time) bool {
	return e.created.IsZero() || !e.created.Before(moment.Add(x.ahead-createdSlack))
}
