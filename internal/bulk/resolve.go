package bulk

import (
	"context"
	"fmt"

	"havip/ledger"
	"havip/lifecycle"
)

// Resolve decides items in review: the HaVIP with this ID is the item's, or with an empty one none of its candidates is.
// Choose the one item by its key.
func Resolve(haVIPID string) Operation {
	return Operation{
		Name: "resolve",
		evaluate: func(item ledger.Item, _ Selection) Decision {
			action, why := item.Record.ResolveAction(haVIPID)
			return Decision{Action: string(action), Why: why}
		},
		carryOut: func(ctx context.Context, exec *Executor, items []ledger.Item) ([]Decision, error) {
			return resolve(ctx, exec, items, haVIPID)
		},
	}
}

func resolve(ctx context.Context, exec *Executor, items []ledger.Item, haVIPID string) ([]Decision, error) {
	decisions := make([]Decision, len(items))
	var own []ledger.Item
	var places []int // of these among the items
	for i, item := range items {
		owner, err := exec.take(ctx, item, haVIPID)
		switch {
		case err != nil:
			return nil, err
		case owner != item.Owner():
			decisions[i] = Decision{Action: None, Why: fmt.Sprintf("%s belongs to %s", haVIPID, owner)}
		default:
			own, places = append(own, item), append(places, i)
		}
	}
	answers, err := exec.Ledger.Resolve(ctx, exec.Batch, haVIPID, own)
	if err != nil {
		return nil, err
	}
	var again []ledger.Item
	for i, answer := range answers {
		switch answer.Result {
		case lifecycle.CommandApplied, lifecycle.CommandSame:
			action, _ := own[i].Record.ResolveAction(haVIPID)
			decisions[places[i]] = Decision{Action: string(action)}
			if action == lifecycle.ResolveLookUpFirst {
				again = append(again, answer.Item)
			}
		default:
			decisions[places[i]] = changed(answer)
		}
	}
	return decisions, exec.dispatch(ctx, again)
}

// take makes the item the owner of the HaVIP unless another item is, and returns the owner.
func (exec *Executor) take(ctx context.Context, item ledger.Item, haVIPID string) (ledger.Owner, error) {
	if haVIPID == "" {
		return item.Owner(), nil
	}
	item.Record.HaVIPID = haVIPID
	owners, err := exec.Ledger.TakeHaVIPs(ctx, []ledger.Item{item})
	if err != nil {
		return ledger.Owner{}, err
	}
	return owners[0], nil
}
