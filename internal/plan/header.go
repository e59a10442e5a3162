package plan

import (
	"time"

	"havip/ledger"
	"havip/tasks"
)

// The first words of a saved plan, by which it is told from a file of items whatever its name, and the
// version of what follows.
const (
	kindWord = "havip plan"
	version  = 1
)

// Header is what a saved plan was made of, and against what. It holds no secret.
type Header struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Batch   string `json:"batch"`
	// Source is the file that the rows came from.
	Source Source `json:"source"`
	// Region is that of rows which name none.
	Region string `json:"region"`
	// Ledger is the ledger that was compared with.
	Ledger Ledger `json:"ledger"`
	// Live says that BCE was compared with as well.
	Live bool `json:"live"`
	// AllowDuplicates says that rows may be created although an item of another batch has the same request.
	AllowDuplicates bool `json:"allowDuplicates,omitempty"`
	// MadeAt is when, by the ledger's clock; MadeBy is user@host.
	MadeAt time.Time `json:"madeAt"`
	MadeBy string    `json:"madeBy"`
}

// Ledger is what tells one ledger from another.
type Ledger struct {
	// Redis is where it is, without a user or password.
	Redis string `json:"redis"`
	// BatchSince is when the batch was first registered; 0 when it was not known.
	BatchSince ledger.Millis `json:"batchSince,omitempty"`
	// BatchPast is the last generation that may have been used before the record of a batch of this name was
	// deleted: it grows whenever that happens to one of which something was sent.
	BatchPast int `json:"batchPast,omitempty"`
}

// saved is a line of a saved plan: a row, or the end.
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

// end is the last line. Without it a plan is cut off, and with another hash it was changed.
type end struct {
	Counts Counts `json:"counts"`
	// SHA256 is of all lines before, in hex.
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
