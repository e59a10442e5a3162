package audit

import (
	"fmt"
	"strings"

	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// Kind says how ledger and BCE disagree. The values are a contract.
type Kind string

// The kinds of findings.
const (
	// Missing: the ledger records it as created or adopted, but it does not exist.
	Missing Kind = "missing"
	// Changed: it exists, but differs from what was requested.
	Changed Kind = "changed"
	// Leaked: it exists, matches an item of the batch, was created after the batch was registered, and belongs to no
	// item.
	Leaked Kind = "leaked"
	// Duplicated: an item owns two HaVIPs, or a HaVIP is the result of two items.
	Duplicated Kind = "duplicated"
	// Unrecorded: it exists, but its item is unfinished or failed.
	Unrecorded Kind = "unrecorded"
	// Unreadable: the item's data in Redis is damaged, so that it cannot be compared.
	Unreadable Kind = "unreadable"
)

// Kinds lists every kind in the order of the summary.
func Kinds() []Kind { return []Kind{Missing, Changed, Leaked, Duplicated, Unrecorded, Unreadable} }

// Finding is one disagreement about one item. Its field names are a contract.
type Finding struct {
	Kind  Kind         `json:"finding"`
	Batch string       `json:"batch"`
	Key   string       `json:"key"`
	Line  int          `json:"line"`
	State ledger.State `json:"state"`
	// HaVIPID is the HaVIP, which need not be the item's own.
	HaVIPID  string `json:"haVipId"`
	Name     string `json:"name"`
	SubnetID string `json:"subnetId"`
	Account  string `json:"account"`
	Region   string `json:"region"`
	// Differences are set for Changed.
	Differences []Difference `json:"differences,omitempty"`
	// Detail describes the finding in a sentence.
	Detail string `json:"detail"`
}

// Difference is a field that differs from the request. Long values are cut.
type Difference struct {
	Field  string `json:"field"`
	Asked  string `json:"asked"`
	Exists string `json:"exists"`
}

func (d Difference) String() string {
	return fmt.Sprintf("%s should be %q and is %q", d.Field, d.Asked, d.Exists)
}

// newFinding returns a finding about an item.
func newFinding(kind Kind, item ledger.Item, request tasks.Request, haVIPID, detail string) Finding {
	return Finding{
		Kind: kind, Batch: item.Batch, Key: item.Key, Line: item.Line, State: item.Record.State,
		HaVIPID: haVIPID, Name: request.Name, SubnetID: request.SubnetID,
		Account: item.Account, Region: item.Region, Detail: detail,
	}
}

// Tally is the summary of a verification.
type Tally struct {
	// Items and HaVIPs count what was compared: the batch's items, and all HaVIPs of its lanes.
	Items, HaVIPs int
	// Moving counts items that changed during the comparison, or may have a request in flight: they were not compared.
	Moving int
	Kinds  map[Kind]int
	// Lanes are those of the batch, in its order.
	Lanes []LaneTally
}

// LaneTally is the summary of one lane.
type LaneTally struct {
	Lane tasks.Lane
	// Listed counts the lane's HaVIPs. Recorded counts items whose HaVIP should exist, Missing those whose
	// HaVIP does not. If all are missing, the account is probably wrong.
	Listed, Recorded, Missing int
}

// Findings counts all findings.
func (t Tally) Findings() int {
	n := 0
	for _, count := range t.Kinds {
		n += count
	}
	return n
}

// String is the counts line.
func (t Tally) String() string {
	var parts []string
	for _, kind := range Kinds() {
		if n := t.Kinds[kind]; n > 0 {
			parts = append(parts, words.Number(n)+" "+string(kind))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no differences"}
	}
	if t.Moving > 0 {
		parts = append(parts, words.Number(t.Moving)+" still changing and not compared")
	}
	return counted(t.Items, "item") + " compared with " + counted(t.HaVIPs, "HaVIP") + " in BCE: " + strings.Join(parts, ", ")
}
