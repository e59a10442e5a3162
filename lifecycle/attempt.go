package lifecycle

import "time"

// OpDelete is the operation of an [Attempt] to delete.
const OpDelete = "delete"

// The classes of an attempt without an outcome. Any other class is the outcome's.
const (
	classSending     = "sending"
	classInterrupted = "interrupted"
)

// Attempt is the log of one sent request.
type Attempt struct {
	// Number counts the item's sends, from 1, or its deletes if Op is [OpDelete]. Op is "" for a create.
	Number     int    `json:"n"`
	Op         string `json:"op,omitempty"`
	Generation int    `json:"gen,omitempty"`
	At         Millis `json:"at,omitempty"`
	// ClockOffset is how far BCE's clock was known to be ahead of ours, in ms.
	ClockOffset Millis `json:"offset,omitempty"`
	Worker      string `json:"worker,omitempty"`
	// Class is "sending" in flight and "interrupted" if no outcome was recorded.
	Class     string `json:"class,omitempty"`
	Status    int    `json:"status,omitempty"`
	Code      string `json:"code,omitempty"`
	Message   string `json:"message,omitempty"`
	RequestID string `json:"requestId,omitempty"`
	HaVIPID   string `json:"haVipId,omitempty"`
	// DurationMS is how long the request took, in milliseconds.
	DurationMS int64 `json:"ms,omitempty"`
}

// hasOutcome reports whether the request's outcome was recorded.
func (a Attempt) hasOutcome() bool {
	return a.Class != "" && a.Class != classSending && a.Class != classInterrupted
}

// isUncounted reports whether the request was not counted as an attempt yet. An interrupted one was, and one with an
// outcome was decided by it.
func (a Attempt) isUncounted() bool { return a.Class == "" || a.Class == classSending }

// SentAt is when the request began, by the known clock of BCE; 0 if the log lacks it.
func (a Attempt) SentAt() Millis {
	if a.At == 0 {
		return 0
	}
	return a.At + a.ClockOffset
}

// LogKey names an entry of an item's request log. The zero LogKey names none.
type LogKey struct {
	Op     string
	Number int
}

// The log of an item's creates keeps the first of them and the last; that of its deletes keeps the last.
const (
	logFirst     = 20
	logLast      = 80
	logDeletions = 20
)

// LogKeys returns the keys that the item's request log may have, oldest first: creates, then deletes.
func (r Record) LogKeys() []LogKey {
	var kept []LogKey
	add := func(op string, after, last int) {
		for n := range min(max(0, last-after), logLast) { // bounded, because a damaged record may have any numbers
			kept = append(kept, LogKey{op, after + n + 1})
		}
	}
	add("", 0, min(logFirst, r.Sends))
	add("", max(logFirst, r.Sends-logLast), r.Sends)
	add(OpDelete, max(0, r.Deletes-logDeletions), r.Deletes)
	return kept
}

// Outcome is what one sent request proved.
type Outcome struct {
	// Ticket is that of the request's begin; "" matches by the request's number only.
	Ticket string `json:"ticket,omitempty"`
	// Generation is the item's when the request began; 0 if unknown. It identifies requests from before the batch was
	// deleted.
	Generation int `json:"gen,omitempty"`
	// State is the item's next state if the request is its latest.
	State State `json:"state"`
	// Class is the caller's class of the outcome.
	Class string `json:"class"`
	// Counted is true if the request counts as an attempt.
	Counted bool `json:"counted,omitempty"`
	// Unknown is true if BCE may have acted on it.
	Unknown bool `json:"unknown,omitempty"`
	// Lookup is true if the HaVIP must be looked up before the next request. Recorded late, it means no more than
	// Unknown: the next request under the token decides.
	Lookup bool `json:"lookup,omitempty"`
	// Unheard is true if BCE refused it for its date, before it read the clientToken.
	Unheard    bool   `json:"unheard,omitempty"`
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	RequestID  string `json:"requestId,omitempty"`
	DurationMS int64  `json:"ms"`
	// SentAgo is how long ago the request began, by the caller's monotonic clock. It dates a request that Redis has
	// lost.
	SentAgo time.Duration `json:"-"`
	// HaVIPID and PrivateIPAddress are set with state created; the address is "" until BCE shows it.
	HaVIPID          string `json:"haVipId,omitempty"`
	PrivateIPAddress string `json:"ip,omitempty"`
}

// closing returns the log entry with the outcome.
func (o Outcome) closing(entry Attempt) Attempt {
	entry.Class, entry.Status, entry.Code, entry.Message = o.Class, o.Status, o.Code, o.Message
	entry.RequestID, entry.DurationMS, entry.HaVIPID = o.RequestID, o.DurationMS, o.HaVIPID
	return entry
}
