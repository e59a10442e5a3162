package tasks

import (
	"cmp"

	"havip/ledger"
)

// Result is the result of one item. Its JSON is a contract: each line of `enqueue results -o ndjson` decodes into it.
type Result struct {
	Batch string `json:"batch"`
	Key   string `json:"key"`
	// Line is the item's line in its file; 0 without a file.
	Line  int          `json:"line"`
	State ledger.State `json:"state"`
	// HaVIPID is BCE's ID of the HaVIP, such as havip-w2d4kgc3x0y1; "" until there is one.
	HaVIPID  string `json:"haVipId"`
	Name     string `json:"name"`
	SubnetID string `json:"subnetId"`
	// PrivateIPAddress is the HaVIP's address, else the requested one; "" if neither is known.
	PrivateIPAddress string `json:"privateIpAddress"`
	Description      string `json:"description"`
	Account          string `json:"account"`
	Region           string `json:"region"`
	// Attempts counts sent requests, except throttled ones and lane faults.
	Attempts int `json:"attempts"`
	// Code, Message and RequestID are those of the last answer. Message may be untrusted text: quote it before it
	// reaches a terminal.
	Code        string `json:"code"`
	Message     string `json:"message"`
	RequestID   string `json:"requestId"`
	ClientToken string `json:"clientToken"`
	// CreatedAt is when the HaVIP was recorded as created or adopted, "" until then. UpdatedAt is when the item last changed.
	CreatedAt Timestamp `json:"createdAt"`
	UpdatedAt Timestamp `json:"updatedAt"`
	// Candidates are the HaVIPs of an item in review that may be its own.
	Candidates []Candidate `json:"candidates,omitempty"`
	// Log contains the sent requests if requested; see [Result.WithLog].
	Log []Attempt `json:"attemptLog,omitempty"`
}

// Candidate is an existing HaVIP that may belong to an item in review, as a worker found it.
type Candidate struct {
	HaVIPID          string `json:"haVipId"`
	Name             string `json:"name"`
	PrivateIPAddress string `json:"privateIpAddress"`
	// CreatedAt is "" if BCE did not say.
	CreatedAt Timestamp `json:"createdAt"`
}

// Attempt is one sent request in a [Result].
type Attempt struct {
	// Number counts the item's requests, from 1.
	Number int       `json:"number"`
	At     Timestamp `json:"at"`
	// Worker is the worker that sent it; Class is what its answer proved.
	Worker string `json:"worker"`
	Class  string `json:"class"`
	// Status is the answer's HTTP status; 0 when there was none.
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
	// DurationMS is how long it took, in milliseconds.
	DurationMS int64 `json:"durationMs"`
	// Operation is create or delete; each has its own numbers.
	Operation string `json:"operation"`
}

// ResultOf returns the result of an item, or a [*ledger.UnreadableError] if its request is damaged.
func ResultOf(item ledger.Item) (Result, error) {
	request, err := RequestOf(item.Spec)
	if err != nil {
		return Result{}, ledger.Unreadable(item.Batch, item.Key, err)
	}
	rec := item.Record
	address := rec.PrivateIPAddress
	if address == "" {
		address = request.PrivateIPAddress
	}
	message := rec.Message
	if message == "" && rec.Unconfirmed() {
		message = "not confirmed yet: BCE has not shown it or its address"
	}
	var candidates []Candidate
	for _, c := range rec.Candidates {
		candidates = append(candidates, Candidate{c.HaVIPID, c.Name, c.Address, TimestampOf(c.CreatedAt)})
	}
	return Result{
		Batch: item.Batch, Key: item.Key, Line: item.Line, State: rec.State, HaVIPID: rec.HaVIPID,
		Name: request.Name, SubnetID: request.SubnetID, PrivateIPAddress: address, Description: request.Description,
		Account: item.Account, Region: item.Region,
		Attempts: rec.Attempts, Code: rec.Code, Message: message, RequestID: rec.RequestID, ClientToken: rec.ClientToken,
		CreatedAt: TimestampOf(rec.CreatedAt), UpdatedAt: TimestampOf(rec.UpdatedAt), Candidates: candidates,
	}, nil
}

// WithLog returns the result with the log of its requests, from [ledger.Ledger.Attempts].
func (r Result) WithLog(attempts []ledger.Attempt) Result {
	r.Log = make([]Attempt, len(attempts))
	for i, a := range attempts {
		r.Log[i] = Attempt{
			Number: a.Number, At: TimestampOf(a.At), Worker: a.Worker, Class: a.Class, Status: a.Status,
			Code: a.Code, Message: a.Message, RequestID: a.RequestID, DurationMS: a.DurationMS,
			Operation: cmp.Or(a.Op, "create"),
		}
	}
	return r
}
