package havip

import (
	"errors"
	"fmt"
	"strings"

	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// maxShown is how many of many faults an error's text shows.
const maxShown = 3

// ItemError says that an item cannot be enqueued. Nothing was.
type ItemError struct {
	// Index is the item's place among those given, from 0.
	Index int
	Key   string
	// Faults are every rule that it breaks; at least one.
	Faults []FieldError
}

func (e *ItemError) Error() string {
	return fmt.Sprintf("items[%d]: %s; nothing was enqueued", e.Index, shown(e.Faults, FieldError.Error))
}

// ConflictError says that a batch holds other requests under the keys of some items. Those stand as
// they were.
type ConflictError struct {
	Batch     string
	Conflicts []Conflict
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("batch %q holds something else: %s; give a changed item a key of its own, or use another batch",
		e.Batch, shown(e.Conflicts, Conflict.String))
}

// conflictError is nil for no conflicts.
func conflictError(batch string, found []Conflict) error {
	if len(found) == 0 {
		return nil
	}
	return &ConflictError{Batch: batch, Conflicts: found}
}

// appendConflict adds the comparison if it is a conflict.
func appendConflict(found []Conflict, c tasks.Comparison) ([]Conflict, error) {
	if c.Result != lifecycle.RegisteredConflict {
		return found, nil
	}
	conflict, err := tasks.ConflictOf(c)
	if err != nil {
		return found, err
	}
	return append(found, conflict), nil
}

// FailedError says that an item ended without a HaVIP.
type FailedError struct{ Result Result }

func (e *FailedError) Error() string {
	r := e.Result
	return fmt.Sprintf("item %q of batch %q is %s: %s %q; `enqueue retry` tries it again", r.Key, r.Batch, r.State, r.Code, r.Message)
}

// ForgottenError says that events were forgotten before they were read: about the newest 10,000 of a
// batch are kept. Results forget nothing.
type ForgottenError struct {
	Batch string
	// After is the event after which some are missing.
	After string
}

func (e *ForgottenError) Error() string {
	return fmt.Sprintf("batch %q: what followed event %s may have been forgotten; read the results, which forget nothing", e.Batch, e.After)
}

// enqueueError adds how to continue after an error that may be temporary.
func enqueueError(batch string, err error) error {
	var conflict *ConflictError
	var taken *ledger.TokenTakenError
	if err == nil || errors.As(err, &conflict) || errors.As(err, &taken) {
		return err
	}
	return fmt.Errorf("enqueue in batch %q: %w; the same call again goes on with the rest", batch, err)
}

// shown lists the first of many.
func shown[T any](all []T, text func(T) string) string {
	var parts []string
	for _, one := range all[:min(maxShown, len(all))] {
		parts = append(parts, text(one))
	}
	if more := len(all) - maxShown; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}
