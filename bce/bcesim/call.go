package bcesim

import (
	"slices"
	"time"
)

// Call is one request to the API as the server saw it.
type Call struct {
	// Number counts all calls from 1 in the order of arrival.
	Number      int64     `json:"number"`
	Operation   Operation `json:"operation"`
	Method      string    `json:"method"`
	Path        string    `json:"path"`
	Query       string    `json:"query,omitempty"`
	ClientToken string    `json:"clientToken,omitempty"`
	// BodySHA256 is the hexadecimal digest of the body's bytes; empty without a body.
	BodySHA256  string `json:"bodySha256,omitempty"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	// Date is the x-bce-date and Signature the signature, as sent, valid or not.
	Date      string `json:"xBceDate,omitempty"`
	Signature string `json:"signature,omitempty"`
	// Start and End are on the server's clock; End is zero while the call is in progress.
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
	// Status is that of the answer; 0 if there was none.
	Status    int    `json:"status"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestId,omitempty"`
	// Fault lists the injected faults, joined by +.
	Fault string `json:"fault,omitempty"`
	// HaVIPID is the HaVIP that the call concerned, whatever its answer said.
	HaVIPID string `json:"haVipId,omitempty"`
	// Replayed says that the answer was the token's earlier result.
	Replayed bool `json:"replayed,omitempty"`
	// ClientGone says that the client left before the call ended.
	ClientGone bool `json:"clientGone,omitempty"`
}

// callLog keeps the latest calls, limit of them at most; a limit of 0 keeps all. The caller
// holds the server's lock.
type callLog struct {
	limit int
	last  int64
	// entries is a ring once it has grown to limit; next is then the oldest.
	entries []*Call
	next    int
}

// begin numbers a call and returns the log's copy of it, to be written when the call ends.
func (l *callLog) begin(call *Call) *Call {
	l.last++
	call.Number = l.last
	slot := new(Call)
	*slot = *call
	if l.limit == 0 || len(l.entries) < l.limit {
		l.entries = append(l.entries, slot)
		return slot
	}
	l.entries[l.next] = slot
	l.next = (l.next + 1) % l.limit
	return slot
}

// snapshot copies the entries, oldest first.
func (l *callLog) snapshot() []Call {
	calls := make([]Call, 0, len(l.entries))
	for _, part := range [][]*Call{l.entries[l.next:], l.entries[:l.next]} {
		for _, entry := range part {
			calls = append(calls, *entry)
		}
	}
	return calls
}

// Calls returns the log, oldest first, including calls in progress. With [Options.CallLog], only
// the latest are kept; gaps in Number show what is missing.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls.snapshot()
}

// CallsOf returns the logged calls of one operation.
func (s *Server) CallsOf(op Operation) []Call {
	return slices.DeleteFunc(s.Calls(), func(c Call) bool { return c.Operation != op })
}
