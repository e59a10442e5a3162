package ledger

import (
	"time"

	"havip/lifecycle"
)

// Registration is the result of registering one spec.
type Registration struct {
	Result lifecycle.Registered
	State  State
	// ClientToken and Generation are those of the item. The generation is a part of its task's ID.
	ClientToken string
	Generation  int
	// Priority is that of the registered item, if Result is RegisteredRepair.
	Priority string
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
