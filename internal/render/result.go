package render

import (
	"cmp"

	"havip/ledger"
	"havip/tasks"
)

// Result is one item as the results commands show it. Its field names are a contract.
type Result struct {
	Batch string `json:"batch"`
	Key   string `json:"key"`
	// Line is where the item stands in its file; 0 when it came from none.
	Line             int          `json:"line"`
	State            ledger.State `json:"state"`
	HaVIPID          string       `json:"haVipId"`
	Name             string       `json:"name"`
	SubnetID         string       `json:"subnetId"`
	PrivateIPAddress string       `json:"privateIpAddress"`
	Description      string       `json:"description"`
	Account          string       `json:"account"`
	Region           string       `json:"region"`
	// Attempts counts requests sent; throttled ones and lane faults do not count.
	Attempts    int    `json:"attempts"`
	Code        string `json:"code"`
	Message     string `json:"message"`
	RequestID   string `json:"requestId"`
	ClientToken string `json:"clientToken"`
	// CreatedAt is when the item was registered, UpdatedAt when it last changed; RFC 3339,
	// UTC, milliseconds.
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
	// Log holds every request sent, when asked for.
	Log []Attempt `json:"attemptLog,omitempty"`
}

// Attempt is one sent request in a [Result].
type Attempt struct {
	Number     int    `json:"number"`
	At         string `json:"at"`
	Worker     string `json:"worker"`
	Class      string `json:"class"`
	Status     int    `json:"status"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	RequestID  string `json:"requestId"`
	DurationMS int64  `json:"durationMs"`
	// Operation is create or delete; each is numbered by itself.
	Operation string `json:"operation"`
}

// ResultOf shows an item. The address is the one that exists, or else the one asked for.
func ResultOf(item ledger.Item) (Result, error) {
	request, err := tasks.RequestOf(item.Spec)
	if err != nil {
		return Result{}, err
	}
	rec := item.Record
	address := rec.PrivateIPAddress
	if address == "" {
		address = request.PrivateIPAddress
	}
	return Result{
		Batch: item.Batch, Key: item.Key, Line: item.Line, State: rec.State, HaVIPID: rec.HaVIPID,
		Name: request.Name, SubnetID: request.SubnetID, PrivateIPAddress: address, Description: request.Description,
		Account: item.Account, Region: item.Region,
		Attempts: rec.Attempts, Code: rec.Code, Message: rec.Message, RequestID: rec.RequestID, ClientToken: rec.ClientToken,
		CreatedAt: stamp(rec.RegisteredAt), UpdatedAt: stamp(rec.UpdatedAt),
	}, nil
}

// WithLog adds the log of requests sent.
func (r Result) WithLog(attempts []ledger.Attempt) Result {
	r.Log = make([]Attempt, len(attempts))
	for i, a := range attempts {
		r.Log[i] = Attempt{
			Number: a.Number, At: stamp(a.At), Worker: a.Worker, Class: a.Class, Status: a.Status,
			Code: a.Code, Message: a.Message, RequestID: a.RequestID, DurationMS: a.DurationMS,
			Operation: cmp.Or(a.Op, "create"),
		}
	}
	return r
}

// milliseconds is RFC 3339 with a fraction of fixed length, so that stamps sort as text.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

func stamp(m ledger.Millis) string {
	if m == 0 {
		return ""
	}
	return m.Time().Format(milliseconds)
}
