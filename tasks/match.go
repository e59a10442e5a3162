package tasks

import (
	"time"

	"havip/bce"
)

// Finding is what a lookup proved about an item in doubt.
type Finding struct {
	// Own is the one HaVIP that only the item's own requests can have created; nil when there
	// is none.
	Own *bce.HaVIP
	// Candidates are those among which a person must choose, when more than one could be it.
	Candidates []bce.HaVIP
}

// Absent reports the proof that nothing exists that the item's requests created.
func (f Finding) Absent() bool { return f.Own == nil && len(f.Candidates) == 0 }

// clockSlack is how much earlier than our first send a HaVIP may seem to have been created, by
// BCE's clock, and still be the item's own. BCE refuses signatures from 30 minutes on, so that no
// request was accepted under a greater difference that had not been learnt.
const clockSlack = 30 * time.Minute

// Match decides which of the HaVIPs that have the item's subnet and name is the item's own. It is
// pure. Owned tells the item that has a HaVIP already, if one has. ClockTrusted says that our
// clock and BCE's are known to agree, so that a HaVIP created before the item's first request is
// somebody else's; otherwise an older one is a candidate, never a match.
func Match(request Request, firstSent time.Time, there []bce.HaVIP, owned func(haVIPID string) bool, clockTrusted bool) Finding {
	var own, older []bce.HaVIP
	for _, havip := range there {
		switch {
		case havip.Name != request.Name || havip.SubnetID != request.SubnetID:
		case request.PrivateIPAddress != "" && havip.PrivateIPAddress != request.PrivateIPAddress:
		case owned(havip.ID):
		case havip.CreatedTime.IsZero() || havip.CreatedTime.Before(firstSent.Add(-clockSlack)):
			older = append(older, havip)
		default:
			own = append(own, havip)
		}
	}
	switch {
	case len(own) == 1 && (clockTrusted || len(older) == 0):
		return Finding{Own: &own[0]}
	case len(own) == 0 && clockTrusted && allDated(older):
		return Finding{}
	}
	return Finding{Candidates: append(own, older...)}
}

// allDated reports whether every HaVIP told when it was created.
func allDated(havips []bce.HaVIP) bool {
	for _, havip := range havips {
		if havip.CreatedTime.IsZero() {
			return false
		}
	}
	return true
}
