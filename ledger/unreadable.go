package ledger

import (
	"fmt"
	"maps"
	"slices"
)

// UnreadableError says that the data of some items in Redis is damaged. A read of many items returns the undamaged ones
// together with it, so that callers can continue with those.
type UnreadableError struct {
	Batch string
	// Faults are the faults by the item's key.
	Faults map[string]error
}

func (e *UnreadableError) Error() string {
	keys := slices.Sorted(maps.Keys(e.Faults))
	text := fmt.Sprintf("item %q of batch %q cannot be read: %v", keys[0], e.Batch, e.Faults[keys[0]])
	if more := len(keys) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// Unreadable returns the error of one item.
func Unreadable(batch, key string, err error) error {
	return &UnreadableError{Batch: batch, Faults: map[string]error{key: err}}
}
