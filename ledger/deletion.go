package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"time"
)

// DeletionOutcome is what one try to delete a HaVIP proved, as [Ledger.EndDeletion] takes it.
type DeletionOutcome struct {
	// Ticket is that of the try's begin.
	Ticket string `json:"ticket"`
	// Generation is the item's when the try was begun; 0 leaves it open.
	Generation int `json:"gen,omitempty"`
	// State is where the item goes: Deleted, Deleting to try again, or Created where BCE refused for
	// good.
	State State `json:"state"`
	// Class is the caller's word for what was proved.
	Class string `json:"class"`
	// Unknown says that BCE may have acted on the request.
	Unknown    bool   `json:"unknown,omitempty"`
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	RequestID  string `json:"requestId,omitempty"`
	DurationMS int64  `json:"ms"`
	// PrivateIPAddress is the HaVIP's address where it was learnt by the way, or "".
	PrivateIPAddress string `json:"ip,omitempty"`
}

// DeletionOptions are the terms of one try to delete.
type DeletionOptions struct {
	// Worker, Ticket, Lease and Request are as in [BeginOptions].
	Worker, Ticket string
	Lease, Request time.Duration
}

// BeginDeletion makes the intent to delete an item's HaVIP durable. Only when the verdict is [Begun] may
// the caller send; the record's Deletes is then the number to give to [Ledger.EndDeletion]. The other
// verdicts are Busy, Finished and Absent.
func (l *Ledger) BeginDeletion(ctx context.Context, batch, key string, o DeletionOptions) (Start, error) {
	raw, err := l.run(ctx, beginDeletionScript, batch, key, o.Worker, millis(o.Lease), o.Ticket, millis(cmp.Or(o.Request, o.Lease)))
	return startOf("begin deletion of", batch, key, raw, err)
}

// EndDeletion enters the outcome of try number n, once. That the HaVIP is deleted is a proof and is
// accepted whatever came in between; anything else applies only while the item waits for it. The record
// is the one that stands afterwards.
func (l *Ledger) EndDeletion(ctx context.Context, batch, key string, n int, outcome DeletionOutcome) (Verdict, Record, error) {
	text, err := json.Marshal(outcome)
	if err != nil {
		return "", Record{}, itemError("end deletion of", batch, key, err)
	}
	raw, err := l.run(ctx, endDeletionScript, batch, key, n, text)
	return transition("end deletion of", batch, key, raw, err)
}
