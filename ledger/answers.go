package ledger

import (
	"fmt"
	"time"

	"havip/lifecycle"
)

// Registration is the result of registering one spec.
type Registration struct {
	Result lifecycle.Registered
	State  State
	// ClientToken and Generation are the values that a task for the item must carry.
	ClientToken string
	Generation  int
	// Existing is the registered spec if Result is RegisteredConflict.
	Existing *Spec
}

// Start is the result of [Ledger.Begin].
type Start struct {
	Result lifecycle.Start
	// Item is set unless Result is StartAbsent.
	Item Item
	// At is the ledger's time of the reply; the record's times are of the same clock.
	At Millis
	// Wait is how much longer the caller must watch the attempt in flight if Result is StartBusy.
	Wait time.Duration
	// Known is the item for the next decision about it.
	Known Known
}

// BatchNotFoundError reports that there is no batch with this name.
type BatchNotFoundError struct {
	Batch string
	// ForgottenAt is when the batch was deleted, By whom and for what Reason; 0 if it was not, or is unknown.
	ForgottenAt Millis
	By, Reason  string
}

func (e *BatchNotFoundError) Error() string {
	if e.ForgottenAt == 0 {
		return fmt.Sprintf("batch %q: not found", e.Batch)
	}
	text := fmt.Sprintf("batch %q: deleted at %s by %s", e.Batch, e.ForgottenAt.Time().Format(time.RFC3339), e.By)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// ItemNotFoundError reports that the batch has no item with this key.
type ItemNotFoundError struct{ Batch, Key string }

func (e *ItemNotFoundError) Error() string {
	return fmt.Sprintf("batch %q: item %q: not found", e.Batch, e.Key)
}
