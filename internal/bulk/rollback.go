package bulk

import (
	"context"

	"havip/ledger"
	"havip/lifecycle"
)

// Rollback deletes the HaVIPs that the items created: it marks the items, and workers do the rest.
func Rollback() Verb { return Verb{Name: "rollback", judge: judgeRollback, carryOut: rollBack} }

func judgeRollback(item ledger.Item, _ Selection) Deed {
	way, why := item.Record.RollbackAction()
	return Deed{Action: string(way), Why: why}
}

func rollBack(ctx context.Context, on *Site, items []ledger.Item) ([]Deed, error) {
	answers, err := on.Ledger.Rollback(ctx, on.Batch, on.Reason, items)
	if err != nil {
		return nil, err
	}
	deeds := make([]Deed, len(items))
	var marked []ledger.Item
	for i, answer := range answers {
		switch answer.Verdict {
		case ledger.Applied, ledger.Same:
			deeds[i] = Deed{Action: string(lifecycle.RollbackDelete)}
			marked = append(marked, answer.Item)
		default:
			deeds[i] = changed(answer)
		}
	}
	return deeds, on.dispatch(ctx, marked)
}
