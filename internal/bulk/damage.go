package bulk

import (
	"errors"
	"iter"

	"havip/ledger"
)

// whyDamaged is why a damaged item is left alone.
const whyDamaged = "its data in redis cannot be read"

// maxFaults bounds how many damaged items a [Tally] names. All are counted.
const maxFaults = 20

// leaveDamaged is the decision on an item whose data cannot be read.
func leaveDamaged(fault error) Decision { return Decision{Action: None, Why: whyDamaged, fault: fault} }

// undamaged yields the items that can be read and any other error; skip gets each error about one damaged item.
func undamaged(items iter.Seq2[ledger.Item, error], skip func(error)) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		for item, err := range items {
			var damaged *ledger.UnreadableError
			if errors.As(err, &damaged) {
				skip(err)
				continue
			}
			if !yield(item, err) {
				return
			}
		}
	}
}
