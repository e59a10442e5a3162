package lifecycle

import (
	"fmt"
	"slices"
)

// Candidate is an existing HaVIP that may be the item's, as the lookup saw it.
type Candidate struct {
	HaVIPID string `json:"haVipId"`
	Name    string `json:"name,omitempty"`
	Address string `json:"ip,omitempty"`
	// CreatedAt is when BCE says it was created; 0 if BCE does not say.
	CreatedAt Millis `json:"createdAt,omitempty"`
}

// MaxCandidates is how many candidates a record keeps.
const MaxCandidates = 20

// maxExcluded is how many HaVIPs an operator can exclude for one item.
const maxExcluded = 200

// ResolveAction is what an operator's choice does to an item in review.
type ResolveAction string

// The actions of resolve.
const (
	// ResolveAdopt: the chosen HaVIP is recorded as the item's.
	ResolveAdopt ResolveAction = "adopt"
	// ResolveLookUpFirst: its candidates are not the item's. It is looked up without them before anything is sent.
	ResolveLookUpFirst ResolveAction = "look-up-first"
	// ResolveNone: the choice cannot be made.
	ResolveNone ResolveAction = "none"
)

// ResolveAction returns what choosing this HaVIP as the item's does, or why it cannot be chosen. An empty haVIPID means that
// none of the candidates is the item's.
func (r Record) ResolveAction(haVIPID string) (action ResolveAction, why string) {
	switch {
	case r.State != Review:
		return ResolveNone, "it is not in review"
	case haVIPID == "" && len(r.Excluded)+len(r.Candidates) > maxExcluded:
		return ResolveNone, fmt.Sprintf("more than %d HaVIPs would be excluded for it; delete or rename those of its name", maxExcluded)
	case haVIPID == "":
		return ResolveLookUpFirst, ""
	case r.candidate(haVIPID) < 0:
		return ResolveNone, haVIPID + " is not one of its candidates; `retry` looks it up again"
	}
	return ResolveAdopt, ""
}

// candidate returns the index of the candidate with this ID, or -1.
func (r Record) candidate(haVIPID string) int {
	return slices.IndexFunc(r.Candidates, func(c Candidate) bool { return c.HaVIPID == haVIPID })
}

// Resolve records an operator's choice for an item in review: which candidate is the item's, or with an empty haVIPID that none
// is. Seen is the record that the operator read. Claim the HaVIP for the item first.
//
// That no candidate is the item's does not prove that it has no HaVIP: the item is looked up again, and the rules of
// [RecordAbsence] decide. Only a token that BCE received with another request is not sent again.
func Resolve(s Snapshot, seen Record, haVIPID string) (Commanded, Change) {
	d := s.draft()
	action, _ := d.ResolveAction(haVIPID)
	switch {
	case haVIPID != "" && d.State.Succeeded() && d.HaVIPID == haVIPID:
		return CommandSame, Change{}
	case d.ClientToken != seen.ClientToken || d.Sends != seen.Sends || !slices.Equal(d.Candidates, seen.Candidates):
		return CommandLate, Change{}
	case action == ResolveAdopt:
		d.event(EventResolved, haVIPID)
		d.adopt(haVIPID, d.Candidates[d.candidate(haVIPID)].Address)
		return CommandApplied, d.done()
	case action == ResolveLookUpFirst:
		d.exclude()
		return CommandApplied, d.done()
	}
	return CommandFinished, Change{}
}

// exclude records that no candidate is the item's, and has it looked up without them.
func (d *draft) exclude() {
	ids := make([]string, len(d.Candidates))
	for i, c := range d.Candidates {
		ids[i] = c.HaVIPID
	}
	d.Excluded = append(d.Excluded, ids...)
	d.event(EventResolved, fmt.Sprintf("none of %v", ids))
	d.TokenUsed = d.TokenUsed || len(ids) == 0 // it is in review because of its token
	d.lookUpFirst()
}
