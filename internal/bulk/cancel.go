package bulk

import (
	"context"

	"havip/ledger"
	"havip/lifecycle"
)

// Cancel cancels items: at once if no request of them is in flight or of unknown outcome, else once it is
// certain that nothing was created.
func Cancel() Operation {
	return Operation{Name: "cancel", evaluate: evaluateCancel, carryOut: cancel, finish: discardCanceled}
}

// minCanceledShare is the share of a lane's pending tasks from which on those of canceled items are deleted: a worker needs
// a hundred times as long for one as it takes to move another task aside.
const minCanceledShare = 0.01

// discardCanceled deletes the tasks of the canceled items, so that no other batch waits behind them.
func discardCanceled(ctx context.Context, exec *Executor) error {
	return exec.DiscardFinished(ctx, minCanceledShare)
}

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
