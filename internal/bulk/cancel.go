package bulk

import (
	"context"

	"havip/ledger"
	"havip/lifecycle"
)

// Cancel cancels items: at once if no request of them is in flight or of unknown outcome, else once it is
// certain that nothing was created.
func Cancel() Operation { return Operation{Name: "cancel", evaluate: evaluateCancel, carryOut: cancel} }

func evaluateCancel(item ledger.Item, _ Selection) Decision {
	action, why := item.Record.CancelAction()
	return Decision{Action: string(action), Why: why}
}

// cancel looks up the items of unknown outcome now instead of after their delay.
func cancel(ctx context.Context, exec *Executor, items []ledger.Item) ([]Decision, error) {
	answers, err := exec.Ledger.Cancel(ctx, exec.Batch, exec.Reason, items)
	if err != nil {
		return nil, err
	}
	decisions := make([]Decision, len(items))
	var doubtful []ledger.Item
	for i, answer := range answers {
		switch answer.Result {
		case lifecycle.CommandApplied:
			decisions[i] = Decision{Action: string(lifecycle.CancelNow)}
		case lifecycle.CommandAsked, lifecycle.CommandSame:
			decisions[i] = Decision{Action: string(lifecycle.CancelLater)}
			if answer.Item.Record.State != ledger.Sending {
				doubtful = append(doubtful, answer.Item)
			}
		default:
			decisions[i] = changed(answer)
		}
	}
	return decisions, exec.Tasks.RunNow(ctx, doubtful)
}
