package tasks

import (
	"time"

	"havip/bce"
)

// Finding is what a lookup proved about an item of unknown outcome.
type Finding struct {
	// Own is the one HaVIP that only the item's own requests can have created; nil when there
	// is none.
	Own *bce.HaVIP
	// Candidates are those of which a person must say whether one is the item's.
	Candidates []bce.HaVIP
}

// Absent reports the proof that nothing exists that the item's requests created.
func (f Finding) Absent() bool { return f.Own == nil && len(f.Candidates) == 0 }

// clockSlack is how much earlier than the item's first request, by the ledger's clock, a HaVIP may
// have been created, by BCE's, and still be the item's own.
const clockSlack = 30 * time.Minute

// Match decides which of the HaVIPs of a subnet is the item's own. It is pure. Owned tells whether
// another item has a HaVIP already.
//
// Whatever could be the item's (its name, or the address that it asked for, owned by nobody) and is
// not plainly its own is a candidate for a person to judge, never a proof of absence: clocks may
// differ, and a name can have been changed.
func Match(request Request, firstSent time.Time, there []bce.HaVIP, owned func(haVIPID string) bool) Finding {
	var possible []bce.HaVIP
	certain := true
	for _, havip := range there {
		sameName := havip.Name == request.Name
		sameAddress := request.PrivateIPAddress != "" && havip.PrivateIPAddress == request.PrivateIPAddress
		otherAddress := request.PrivateIPAddress != "" && !sameAddress
		older := havip.CreatedTime.Before(firstSent.Add(-clockSlack)) // or without a time
		switch {
		case owned(havip.ID), havip.SubnetID != request.SubnetID:
			continue
		case !sameName && !sameAddress, otherAddress:
			continue
		case !sameName && older:
			continue // somebody else's; were it the item's own, its address could not be taken twice
		case !sameName, older:
			certain = false
		}
		possible = append(possible, havip)
	}
	if len(possible) == 1 && certain {
		return Finding{Own: &possible[0]}
	}
	return Finding{Candidates: possible}
}
