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
	// Gone: it is of a task, or of a request, of before the batch was forgotten; nothing was changed.
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
	// TokenUsed: the clientToken may have been used before the batch was forgotten; renew it before
	// sending.
	TokenUsed Verdict = "spent"
	// Busy: another attempt of the item is in flight.
	Busy Verdict = "busy"
	// Lookup: some outcome is unknown, and the token may be dead or was used for another
	// request; look for the HaVIP before sending.
	Lookup Verdict = "lookup"
	// Paused: the batch is held, and nothing of the item is in doubt. Its task has nothing to do; who lets
	// the batch go on puts in another.
	Paused Verdict = "held"
	// Idle: no request of the item is known for longer than a token lives, and an old ledger that was
	// restored would not know of any; look for the HaVIP before sending.
	Idle Verdict = "idle"
	// Stale: every request under the token was refused, and it may be dead; renew it before
	// sending.
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
	// Early: a dead worker's request may still be under way.
	Early Verdict = "early"
	// Late: something newer stands; only the attempt's log was written, and the doubt that the outcome
	// leaves.
	Late Verdict = "late"
	// Extra: the item has another haVipId already; this one belongs to nobody.
	Extra Verdict = "extra"
	// Incomplete: the batch's producer is not through with it.
	Incomplete Verdict = "incomplete"
	// Absent: nobody registered this item.
	Absent Verdict = "absent"
	// Damaged: the item's data in Redis cannot be read; nothing was done.
	Damaged Verdict = "damaged"
	// Asked: a person wants it canceled; the request in flight or in doubt decides.
	Asked Verdict = "asked"
	// Withdrawn: the proof that would have let the item go on has canceled it, as a person wanted.
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
	// At is the ledger's clock when it answered: the one that the record's times are of.
	At Millis
	// Wait is for how much longer the caller must watch the attempt in flight, when Verdict is Busy.
	Wait time.Duration
	// Known is the item, for what is decided about it next.
	Known Known
}

// BatchNotFoundError says that no batch has this name.
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

// ItemNotFoundError says that the batch has no item with this key.
type ItemNotFoundError struct{ Batch, Key string }

func (e *ItemNotFoundError) Error() string {
	return fmt.Sprintf("batch %q: item %q: not found", e.Batch, e.Key)
}
