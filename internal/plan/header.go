package plan

import (
	"time"

	"havip/ledger"
	"havip/tasks"
)

// The first words of a saved plan, which distinguish it from a file of items, and its format version.
const (
	kindWord = "havip plan"
	version  = 1
)

// Header says what a saved plan was made from and compared with. It contains no secrets.
type Header struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Batch   string `json:"batch"`
	// Source is the file of the rows.
	Source Source `json:"source"`
	// Region is the default region of the rows.
	Region string `json:"region"`
	// Ledger is the ledger that was compared with.
	Ledger Ledger `json:"ledger"`
	// Live reports that the rows were also compared with BCE.
	Live bool `json:"live"`
	// AllowDuplicates allows rows whose request another item has already.
	AllowDuplicates bool `json:"allowDuplicates,omitempty"`
	// AllowUnknownRegion accepted regions that Baidu does not document.
	AllowUnknownRegion bool `json:"allowUnknownRegion,omitempty"`
	// MadeAt is when, by the ledger's clock; MadeBy is user@host.
	MadeAt time.Time `json:"madeAt"`
	MadeBy string    `json:"madeBy"`
}

// Ledger identifies a ledger and the batch in it.
type Ledger struct {
	// Redis is its address, without user and password.
	Redis string `json:"redis"`
	// BatchSince is when the batch was first registered; 0 if it did not exist.
	BatchSince ledger.Millis `json:"batchSince,omitempty"`
	// BatchPast is the last generation that may have been used before the record of a batch of this name was
	// deleted. It grows with each deletion of a record.
	BatchPast int `json:"batchPast,omitempty"`
}

// saved is a line of a saved plan: a row or the end.
type saved struct {
	Line        int            `json:"line,omitempty"`
	Key         string         `json:"key,omitempty"`
	Account     string         `json:"account,omitempty"`
	Region      string         `json:"region,omitempty"`
	ClientToken string         `json:"clientToken,omitempty"`
	Request     *tasks.Request `json:"request,omitempty"`
	Action      Action         `json:"action,omitempty"`
	State       ledger.State   `json:"state,omitempty"`
	Kind        Kind           `json:"kind,omitempty"`
	Why         string         `json:"why,omitempty"`
	End         *end           `json:"end,omitempty"`
}

// end is the last line. A plan without it is truncated; one with another hash was changed.
type end struct {
	Counts Counts `json:"counts"`
	// SHA256 is the hash of all previous lines, in hexadecimal.
	SHA256 string `json:"sha256"`
}

func savedOf(r Row) saved {
	item := r.Item
	return saved{
		Line: r.Line, Key: item.Key, Account: item.Account, Region: item.Region, ClientToken: item.ClientToken,
		Request: &item.Request, Action: r.Action, State: r.State, Kind: r.Concern.Kind, Why: r.Concern.Why,
	}
}

func (s saved) row() Row {
	item := tasks.Item{Key: s.Key, Account: s.Account, Region: s.Region, ClientToken: s.ClientToken, Request: *s.Request}
	return Row{
		Row: tasks.Row{Line: s.Line, Item: item}, Action: s.Action, State: s.State,
		Concern: Concern{Kind: s.Kind, Why: s.Why},
	}
}
