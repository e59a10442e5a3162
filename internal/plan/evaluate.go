package plan

import (
	"fmt"
	"strings"
	"time"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
)

// evaluate compares a row that is still to be created with BCE. Rows are evaluated in order: if a subnet
// has too few addresses, the last rows would fail.
func (v *laneView) evaluate(self ledger.Owner, c candidate) Concern {
	request := c.Row.Item.Request
	there := v.Like(request)
	if v.has(self, there) {
		return Concern{} // created since the row was compared
	}
	if found := v.unknownOutcome(self, c.record, request, there); found.Kind != "" {
		return found
	}
	s := v.subnets[request.SubnetID]
	if s.missing {
		return concern(WouldFail, "subnet %s does not exist in lane %s; check the ID, and the row's account and region", s.id, v.lane)
	}
	if found := v.address(s, request); found.Kind != "" {
		return found
	}
	if !s.take() {
		return concern(WouldFail, "subnet %s has %s, all needed by rows before this one; free some, or move the row to another subnet", s.id, addresses(*s.free))
	}
	return v.sameName(self, c.record, there)
}

// unknownOutcome looks up an item whose request may have created a HaVIP, as a worker would; see
// docs/decisions/0007-adopt-rules.md. Finding none proves nothing yet.
func (v *laneView) unknownOutcome(self ledger.Owner, rec *ledger.Record, request tasks.Request, there []bce.HaVIP) Concern {
	if rec == nil || !rec.Unknown || rec.State == ledger.Sending || rec.Cancel != nil {
		return Concern{}
	}
	finding := tasks.Match(request, rec.FirstSentAt.Time(), there, func(id string) bool { return v.ownedByAnother(id, self) })
	switch {
	case finding.Own != nil:
		return concern(WouldAdopt, "outcome unknown, but its HaVIP exists: %s; it would be adopted", describe(finding.Own))
	case !finding.Absent():
		return concern(WouldFail, "outcome unknown, and none of these HaVIPs is certainly its own: %s; it would need review", list(finding.Candidates))
	}
	return Concern{}
}

// address checks a requested address.
func (v *laneView) address(s *subnet, r tasks.Request) Concern {
	if r.PrivateIPAddress == "" {
		return Concern{}
	}
	if holders := v.Holders(r); len(holders) > 0 {
		return concern(WouldFail, "privateIpAddress %s is taken by %s; choose another, or leave it empty", r.PrivateIPAddress, list(holders))
	}
	if fault := s.fault(r.PrivateIPAddress); fault != "" {
		return concern(WouldFail, "privateIpAddress %s %s subnet %s (%s); choose another, or leave it empty", r.PrivateIPAddress, fault, s.id, s.cidr)
	}
	return Concern{}
}

// sameName warns of HaVIPs that match the row but belong to no item: an item that was never sent does
// not adopt them. For an item that was sent, such a HaVIP may be its own.
func (v *laneView) sameName(self ledger.Owner, rec *ledger.Record, there []bce.HaVIP) Concern {
	if rec != nil && rec.Sends > 0 {
		return Concern{}
	}
	var strangers []bce.HaVIP
	for _, h := range there {
		if _, owned := v.owners[h.ID]; !owned {
			strangers = append(strangers, h)
		}
	}
	if len(strangers) == 0 {
		return Concern{}
	}
	who := "apply"
	if rec != nil {
		who = "the item is in progress, and"
	}
	return concern(Warning, "a HaVIP of this name exists already in this subnet, and this ledger did not create it: %s; %s creates another, or adopts it "+
		"if another ledger created it for batch %q and this key within the last 24 hours; use another --batch for a new one, delete it in BCE if it is a leftover, or leave the row out to keep it",
		list(strangers), who, self.Batch)
}

// maxListed limits the HaVIPs that a concern names.
const maxListed = 3

func list(havips []bce.HaVIP) string {
	texts := make([]string, 0, maxListed+1)
	for i, h := range havips {
		if i == maxListed {
			texts = append(texts, fmt.Sprintf("and %d more", len(havips)-maxListed))
			break
		}
		texts = append(texts, describe(&h))
	}
	return strings.Join(texts, ", ")
}

func describe(h *bce.HaVIP) string {
	text := fmt.Sprintf("%s (%q, %s", h.ID, h.Name, h.PrivateIPAddress)
	if h.CreatedTime.IsZero() {
		return text + ")"
	}
	return text + ", created " + h.CreatedTime.UTC().Format(time.RFC3339) + ")"
}

func addresses(n int) string {
	switch n {
	case 0:
		return "no free address"
	case 1:
		return "1 free address"
	default:
		return fmt.Sprintf("%d free addresses", n)
	}
}
