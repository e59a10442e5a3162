package tasks

import (
	"time"

	"havip/bce"
)

// Finding is what a lookup proved about an item of unknown outcome.
type Finding struct {
	// Own is the HaVIP that only the item's requests can have created, or nil.
	Own *bce.HaVIP
	// Candidates are HaVIPs that may be the item's; an operator must decide.
	Candidates []bce.HaVIP
}

// Absent reports whether no HaVIP exists that the item's requests may have created.
func (f Finding) Absent() bool { return f.Own == nil && len(f.Candidates) == 0 }

// clockSlack is how much earlier than the item's first request its HaVIP may be dated, because the clocks of ledger and
// BCE may differ.
const clockSlack = 30 * time.Minute

// Match decides which HaVIP of a subnet is the item's own. It is pure. Owned reports whether another item owns a HaVIP.
//
// An unowned HaVIP with the item's name or requested address that is not certainly its own is a candidate, never a
// proof of absence: clocks may differ, and names can be changed.
func Match(request Request, firstSent time.Time, there []bce.HaVIP, owned func(haVIPID string) bool) Finding {
	var possible []bce.HaVIP
	certain := true
	for _, havip := range there {
		sameName := havip.Name == request.Name
		sameAddress := request.PrivateIPAddress != "" && havip.PrivateIPAddress == request.PrivateIPAddress
		otherAddress := request.PrivateIPAddress != "" && !sameAddress
		older := havip.CreatedTime.Before(firstSent.Add(-clockSlack)) // or undated
		switch {
		case owned(havip.ID), havip.SubnetID != request.SubnetID:
			continue
		case !sameName && !sameAddress, otherAddress:
			continue
		case !sameName && older:
			continue // another's: an item's own address cannot be taken twice
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
