package ledger

import (
	"fmt"
	"time"
)

// Verdict is the ledger's answer to a transition. A verdict is not an error: each says what
// the caller should do next.
type Verdict string

// The answers to [Ledger.Register] and [Ledger.Compare].
const (
	// Added: entered by this call; its task must be enqueued.
	Added Verdict = "new"
	// Same: already there; nothing to do.
	Same Verdict = "same"
	// Repair: already there, but no task is known for it; enqueue it again.
	Repair Verdict = "repair"
	// Conflict: another request stands under this key; nothing was changed.
	Conflict Verdict = "conflict"
	// Gone: the task or request is older than the deletion of the batch's record; nothing was changed.
	Gone Verdict = "gone"
)

// The answers to [Ledger.Begin], besides Conflict and Absent.
const (
	// Begun: the intent is durable; send the request.
	Begun Verdict = "begun"
	// Finished: the item is in a terminal state.
	Finished Verdict = "finished"
	// ToDelete: its HaVIP is to be deleted, and nothing is created for it; see
	// [Ledger.BeginDeletion].
	ToDelete Verdict = "deleting"
	// TokenUsed: the clientToken may have been used before the batch was forgotten; renew it before sending.
	TokenUsed Verdict = "spent"
	// Busy: another attempt of the item is in flight.
	Busy Verdict = "busy"
	// Lookup: an outcome is unknown, and the token may have expired or was used for another request; look for the HaVIP
	// before sending.
	Lookup Verdict = "lookup"
	// Paused: the batch is paused, and the item has no unknown outcome. Its task has nothing to do; resuming the batch
	// enqueues another.
	Paused Verdict = "held"
	// Idle: no request of the item is known for longer than the token lifetime, and the ledger may be restored from a backup
	// that is older; look for the HaVIP before sending.
	Idle Verdict = "idle"
	// Stale: every request with the token was refused, and the token may have expired; renew it before sending.
	Stale Verdict = "stale"
	// Exhausted: the retry horizon has passed, and certainly nothing was created.
	Exhausted Verdict = "exhausted"
	// Foreign: the ledger holds another clientToken for this item.
	Foreign Verdict = "foreign"
)

// The answers to the other transitions, besides Same, Finished, Busy and Foreign.
const (
	// Applied: the item moved.
	Applied Verdict = "applied"
	// Early: a dead worker's request may still be in flight.
	Early Verdict = "early"
	// Late: the record is newer; only the attempt's log entry, and the unknown outcome, if any, were written.
	Late Verdict = "late"
	// Again: nothing is decided before another lookup.
	Again Verdict = "again"
	// Extra: the item already has another haVipId; no item owns this one.
	Extra Verdict = "extra"
	// Incomplete: the producer has not committed the batch.
	Incomplete Verdict = "incomplete"
	// Absent: nobody registered this item.
	Absent Verdict = "absent"
	// Damaged: the item's data in Redis cannot be read; nothing was done.
	Damaged Verdict = "damaged"
	// Asked: a person canceled the item; the outcome of its request decides.
	Asked Verdict = "asked"
	// Withdrawn: the item had been canceled by a person, and the proof that nothing was created ended it.
	Withdrawn Verdict = "withdrawn"
)

// Registration is the ledger's answer about one spec.
type Registration struct {
	Verdict Verdict
	State   State
	// ClientToken and Generation are what a task for the item must carry now.
	ClientToken string
	Generation  int
	// Existing is what stands under the key when Verdict is Conflict.
	Existing *Spec
}

// Start is the answer to [Ledger.Begin].
type Start struct {
	Verdict Verdict
	// Item is set unless Verdict is Absent.
	Item Item
	// At is the ledger's clock at the answer; the record's times are of the same clock.
	At Millis
	// Wait is for how much longer the caller must watch the attempt in flight if Verdict is Busy.
	Wait time.Duration
	// Known is the item, for what is decided about it next.
	Known Known
}

// BatchNotFoundError reports that there is no batch with this name.
type BatchNotFoundError struct {
	Batch string
	// ForgottenAt is when its record was deleted, by whom and why; 0 when it was not, or is not known.
	ForgottenAt Millis
	By, Reason  string
}

func (e *BatchNotFoundError) Error() string {
	if e.ForgottenAt == 0 {
		return fmt.Sprintf("batch %q: not found", e.Batch)
	}
	text := fmt.Sprintf("batch %q: its record was deleted at %s by %s", e.Batch, e.ForgottenAt.Time().Format(time.RFC3339), e.By)
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
