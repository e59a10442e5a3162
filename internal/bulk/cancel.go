package bulk

import (
	"context"

	"havip/ledger"
	"havip/lifecycle"
)

// Cancel withdraws items: at once where nothing of them is in flight or in doubt, else once it is certain
// that nothing was created.
func Cancel() Verb { return Verb{Name: "cancel", judge: judgeCancel, carryOut: cancel} }

func judgeCancel(item ledger.Item, _ Selection) Deed {
	way, why := item.Record.CancelAction()
	return Deed{Action: string(way), Why: why}
}

// cancel has the items in doubt looked for soon instead of after their delay.
func cancel(ctx context.Context, on *Site, items []ledger.Item) ([]Deed, error) {
	answers, err := on.Ledger.Cancel(ctx, on.Batch, on.Reason, items)
	if err != nil {
		return nil, err
	}
	deeds := make([]Deed, len(items))
	var doubtful []ledger.Item
	for i, answer := range answers {
		switch answer.Verdict {
		case ledger.Applied:
			deeds[i] = Deed{Action: string(lifecycle.CancelNow)}
		case ledger.Asked, ledger.Same:
			deeds[i] = Deed{Action: string(lifecycle.CancelLater)}
			if answer.Item.Record.State != ledger.Sending {
				doubtful = append(doubtful, answer.Item)
			}
		default:
			deeds[i] = changed(answer)
		}
	}
	return deeds, on.Tasks.RunNow(ctx, doubtful)
}
