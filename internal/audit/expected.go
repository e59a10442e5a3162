package audit

import (
	"hash/maphash"

	"havip/ledger"
	"havip/tasks"
)

// expectations are the HaVIPs that the items of a batch have recorded, by hashes: a HaVIP that is listed as expected needs no
// entry. A batch may have a million. The hashes are seeded, so that equal ones cannot be constructed; two HaVIPs with the same hash
// of the ID get entries.
type expectations map[uint64]expectation

type expectation struct {
	// digest is of the ID and all fields that are compared.
	digest uint64
	// listed is true once the HaVIP was listed as expected. Shared is true if several items recorded it: it needs an entry.
	listed, shared bool
}

// expect notes a recorded HaVIP.
func (x expectations) expect(item ledger.Item, request tasks.Request) {
	key := hashOf(item.Record.HaVIPID)
	_, known := x[key]
	x[key] = expectation{digest: digestOf(item.Record, request), shared: known}
}

// list notes a listed HaVIP. It reports whether the HaVIP is as expected, and whether it is listed for the first time.
func (x expectations) list(id, digestOfListed uint64) (agrees, first bool) {
	e := x[id]
	if e.shared || e.digest != digestOfListed {
		return false, false
	}
	first, e.listed = !e.listed, true
	x[id] = e
	return true, first
}

// has reports whether exactly one item has recorded the HaVIP.
func (x expectations) has(haVIPID string) bool {
	e, known := x[hashOf(haVIPID)]
	return known && !e.shared
}

// agrees reports whether the item's HaVIP is listed as the item has it.
func (x expectations) agrees(rec ledger.Record, request tasks.Request) bool {
	e := x[hashOf(rec.HaVIPID)]
	return e.listed && e.digest == digestOf(rec, request)
}

func hashOf(text string) uint64 { return maphash.String(textSeed, text) }

// digestOf returns the digest of the HaVIP that the item should have. An address that is not known equals none.
func digestOf(rec ledger.Record, r tasks.Request) uint64 {
	return digest(rec.HaVIPID, r.Name, r.SubnetID, addressOf(rec, r), r.Description)
}

func digest(texts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(textSeed)
	for _, text := range texts {
		_, _ = h.WriteString(text) // never fails
		_ = h.WriteByte(0)         // occurs in no text of JSON
	}
	return h.Sum64()
}

// addressOf returns the address that the item's HaVIP should have: the requested one, or the recorded one if BCE assigned it.
func addressOf(rec ledger.Record, r tasks.Request) string {
	if r.PrivateIPAddress != "" {
		return r.PrivateIPAddress
	}
	return rec.PrivateIPAddress
}
