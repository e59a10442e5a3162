package havip

import (
	"errors"
	"fmt"
	"strings"

	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// maxShown limits how many faults an error's text lists.
const maxShown = 3

// ItemError reports an invalid item. Nothing was enqueued.
type ItemError struct {
	// Index is the item's index in the call's arguments.
	Index int
	Key   string
	// Faults lists every rule that the item breaks; at least one.
	Faults []FieldError
}

func (e *ItemError) Error() string {
	return fmt.Sprintf("items[%d]: %s; nothing was enqueued", e.Index, shown(e.Faults, FieldError.Error))
}

// ConflictError reports that keys have other requests in the batch. Those items are unchanged.
type ConflictError struct {
	Batch     string
	Conflicts []Conflict
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("batch %q has other requests under these keys: %s; give a changed item a new key, or use another batch",
		e.Batch, shown(e.Conflicts, Conflict.String))
}

// conflictError returns nil if there are no conflicts.
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

// FailedError reports an item that finished without a HaVIP.
type FailedError struct{ Result Result }

func (e *FailedError) Error() string {
	r := e.Result
	return fmt.Sprintf("item %q of batch %q is %s: %s %q; to retry it, run `enqueue retry`", r.Key, r.Batch, r.State, r.Code, r.Message)
}

// ForgottenError reports events that were deleted before they were read: a batch keeps about its newest
// 10,000. Results are always complete.
type ForgottenError struct {
	Batch string
	// After is the ID of the last event before the gap.
	After string
}

func (e *ForgottenError) Error() string {
	return fmt.Sprintf("batch %q: events after %s may be missing, because only the newest are kept; the results are complete", e.Batch, e.After)
}

// enqueueError adds what to do after an error that may be temporary.
func enqueueError(batch string, err error) error {
	var conflict *ConflictError
	var taken *ledger.TokenTakenError
	var archived *ledger.BatchNotFoundError
	if err == nil || errors.As(err, &conflict) || errors.As(err, &taken) || errors.As(err, &archived) {
		return err
	}
	return fmt.Errorf("enqueue in batch %q: %w; repeat the call to enqueue the remaining items", batch, err)
}

// shown lists the first maxShown entries and counts the others.
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
