package audit

import (
	"time"

	"havip/bce"
	"havip/tasks"
)

// entry is one HaVIP.
type entry struct {
	id, name, subnetID, address string
	description                 text
	// created is the zero time if unknown.
	created time.Time
	// listed is false for a HaVIP of the ledger that the listing lacks.
	listed bool
	// recordings counts the items of the batch that recorded it; recordedBy is the first one's key.
	recordings int
	recordedBy string
	// taken reports that it has its finding, or needs none.
	taken bool
}

// placed returns the entry's place with its address, and without one.
func (e *entry) placed() (exact, anywhere place) {
	return place{e.subnetID, e.name, e.address}, place{e.subnetID, e.name, ""}
}

func entryOf(h bce.HaVIP) *entry {
	return &entry{
		id: h.ID, name: h.Name, subnetID: h.SubnetID, address: h.PrivateIPAddress,
		description: textOf(h.Description), created: h.CreatedTime, listed: true,
	}
}

// index is what exists in a lane, with its data in the ledger.
type index struct {
	lane tasks.Lane
	// began is when the listing began, by the ledger's clock; ahead is how far BCE's clock is ahead of it.
	began time.Time
	ahead time.Duration

	// expected are the HaVIPs that items have recorded; entries are all others that were listed, or recorded.
	expected   expectations
	entries    map[string]*entry
	subnets    map[string]string
	listed     int
	unrecorded unrecordedHaVIPs
}

func newIndex(lane tasks.Lane, began time.Time) *index {
	return &index{lane: lane, began: began, expected: expectations{}, entries: map[string]*entry{}, subnets: map[string]string{}}
}

// add adds a listed HaVIP. Pages may overlap if HaVIPs are created or deleted meanwhile.
func (x *index) add(h bce.HaVIP) {
	if agrees, first := x.expected.list(hashOf(h.ID), digest(h.ID, h.Name, h.SubnetID, h.PrivateIPAddress, h.Description)); agrees {
		if first {
			x.listed++
		}
		return
	}
	if known := x.entries[h.ID]; known != nil && known.listed {
		return
	}
	e := entryOf(h)
	// A lane has few subnets and many HaVIPs: each subnet's ID is stored once.
	if subnet, known := x.subnets[e.subnetID]; known {
		e.subnetID = subnet
	} else {
		x.subnets[e.subnetID] = e.subnetID
	}
	x.entries[e.id] = e
	x.listed++
}

// record records that an item has the HaVIP.
func (x *index) record(id, key string) {
	e := x.entries[id]
	if e == nil && x.expected.has(id) {
		return
	}
	if e == nil {
		e = &entry{id: id}
		x.entries[id] = e
	}
	if e.recordings++; e.recordings == 1 {
		e.recordedBy = key
	}
}

// recorded reports whether an item of the batch has recorded the HaVIP.
func (x *index) recorded(id string) bool {
	if e := x.entries[id]; e != nil {
		return e.recordings > 0
	}
	return x.expected.has(id)
}

// confirm adds a HaVIP that exists but was not listed.
func (x *index) confirm(h bce.HaVIP) *entry {
	e := entryOf(h)
	if known := x.entries[e.id]; known != nil {
		e.recordings, e.recordedBy = known.recordings, known.recordedBy
	}
	x.entries[e.id] = e
	x.listed++
	return e
}

// createdSlack is how much earlier than a batch a HaVIP may have been created and still count as younger: BCE's
// times are whole seconds, and clocks drift.
const createdSlack = time.Minute

// since reports whether the HaVIP may have been created after a time of the ledger's clock; true if its age is
// unknown.
func (x *index) since(e *entry, moment time.Time) bool {
	return e.created.IsZero() || !e.created.Before(moment.Add(x.ahead-createdSlack))
}
