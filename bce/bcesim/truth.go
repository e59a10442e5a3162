package bcesim

import (
	"cmp"
	"slices"
	"time"
)

// Truth is what really exists, independent of answers.
type Truth struct {
	// HaVIPs are all ever created, deleted ones too, in the order of their calls.
	HaVIPs []Record `json:"haVips"`
}

// Record is a HaVIP as it was created, and when it was deleted.
type Record struct {
	HaVIPID     string `json:"haVipId"`
	Account     string `json:"account"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	VPCID       string `json:"vpcId"`
	SubnetID    string `json:"subnetId"`
	PrivateIP   string `json:"privateIpAddress"`
	// ClientToken and BodySHA256 are from the request that created it.
	ClientToken string `json:"clientToken,omitempty"`
	BodySHA256  string `json:"bodySha256"`
	// Call is the number of the call that created it.
	Call      int64     `json:"call"`
	CreatedAt time.Time `json:"createdAt"`
	// Fault is the fault that lost the create's answer, if any: commit-…, stall-after or
	// gate-after.
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

// Duplicates returns every existing HaVIP with the account, subnet and name of an earlier existing
// one. Names are not unique in BCE, but they are in a batch; so this measures exactly-once.
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

// TokenTwice returns every HaVIP, deleted or not, whose token had created another before: the token
// was used after its 24 hours.
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
