package bulk

import (
	"context"

	"havip/ledger"
	"havip/lifecycle"
)

// Rollback deletes the HaVIPs that the items created: it marks the items, and workers do the rest.
func Rollback() Operation {
	return Operation{Name: "rollback", evaluate: evaluateRollback, carryOut: rollBack}
}

func evaluateRollback(item ledger.Item, _ Selection) Decision {
	action, why := item.Record.RollbackAction()
	return Decision{Action: string(action), Why: why}
}

func rollBack(ctx context.Context, exec *Executor, items []ledger.Item) ([]Decision, error) {
	answers, err := exec.Ledger.Rollback(ctx, exec.Batch, exec.Reason, items)
	if err != nil {
		return nil, err
	}
	decisions := make([]Decision, len(items))
	var marked []ledger.Item
	for i, answer := range answers {
		switch answer.Result {
		case lifecycle.CommandApplied, lifecycle.CommandSame:
			decisions[i] = Decision{Action: string(lifecycle.RollbackDelete)}
			marked = append(marked, answer.Item)
		default:
			decisions[i] = changed(answer)
		}
	}
	return decisions, exec.dispatch(ctx, marked)
}
