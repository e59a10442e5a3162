package bcesim

import (
	"cmp"
	"slices"
	"time"
)

// Truth is what really exists, whatever answers said.
type Truth struct {
	// HaVIPs are all ever made, deleted ones too, in the order of the calls that made them.
	HaVIPs []Record `json:"haVips"`
}

// Record is a HaVIP as it was made, and when it was deleted.
type Record struct {
	HaVIPID     string `json:"haVipId"`
	Account     string `json:"account"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	VPCID       string `json:"vpcId"`
	SubnetID    string `json:"subnetId"`
	PrivateIP   string `json:"privateIpAddress"`
	// ClientToken and BodySHA256 are those of the request that made it.
	ClientToken string `json:"clientToken,omitempty"`
	BodySHA256  string `json:"bodySha256"`
	// Call is the number of the call that made it.
	Call      int64     `json:"call"`
	CreatedAt time.Time `json:"createdAt"`
	// Fault is what took the create's answer from its caller, if something did: one of the
	// commit-… faults, stall-after, or gate-after.
	Fault FaultKind `json:"fault,omitempty"`
	// DeletedAt is zero while it exists; DeletedBy is the call that deleted it.
	DeletedAt time.Time `json:"deletedAt,omitzero"`
	DeletedBy int64     `json:"deletedBy,omitempty"`
}

// Truth returns what really exists.
func (s *Server) Truth() Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	truth := Truth{HaVIPs: []Record{}}
	for _, w := range s.worlds {
		for _, h := range w.order {
			truth.HaVIPs = append(truth.HaVIPs, h.origin)
		}
	}
	slices.SortFunc(truth.HaVIPs, func(a, b Record) int { return cmp.Compare(a.Call, b.Call) })
	return truth
}

// Live returns the HaVIPs that exist.
func (t Truth) Live() []Record {
	return slices.DeleteFunc(slices.Clone(t.HaVIPs), func(r Record) bool { return !r.DeletedAt.IsZero() })
}

// Duplicates returns every HaVIP that exists besides an earlier one, also still existing,
// of the same account, subnet and name. Names are not unique in BCE; they are in a batch,
// which is what makes this the measure of exactly once.
func (t Truth) Duplicates() []Record {
	type identity struct{ account, subnet, name string }
	seen := map[identity]bool{}
	return slices.DeleteFunc(t.Live(), func(r Record) bool {
		id := identity{r.Account, r.SubnetID, r.Name}
		first := !seen[id]
		seen[id] = true
		return first
	})
}

// TokenTwice returns every HaVIP, deleted or not, that was made with a token which had made
// one before: a token used after its 24 hours.
func (t Truth) TokenTwice() []Record {
	type identity struct{ account, token string }
	seen := map[identity]bool{}
	return slices.DeleteFunc(slices.Clone(t.HaVIPs), func(r Record) bool {
		id := identity{r.Account, r.ClientToken}
		first := r.ClientToken == "" || !seen[id]
		seen[id] = true
		return first
	})
}
