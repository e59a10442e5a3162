package bulk

import (
	"context"

	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// Retry restarts items that failed, or looks them up first, and runs waiting items now.
func Retry() Operation { return Operation{Name: "retry", evaluate: evaluateRetry, carryOut: retry} }

// evaluateRetry leaves canceled items alone unless the selection names their state or key.
func evaluateRetry(item ledger.Item, chosen Selection) Decision {
	if item.Record.State == ledger.Canceled && !chosen.names("state", "key") {
		return Decision{Action: None, Why: "it was canceled; ask for it with --where state=canceled"}
	}
	action, why := item.Record.RetryAction()
	return Decision{Action: string(action), Why: why}
}

// retry restarts the items that have ended. Those that are under way are only run now.
func retry(ctx context.Context, exec *Executor, items []ledger.Item) ([]Decision, error) {
	decisions := make([]Decision, len(items))
	var ended []ledger.Retrial
	var places []int // of the ended ones among the items
	var runNow []ledger.Item
	for i, item := range items {
		action, _ := item.Record.RetryAction()
		decisions[i] = Decision{Action: string(action)}
		if action == lifecycle.RetryRunNow {
			runNow = append(runNow, item)
			continue
		}
		next := tasks.ClientToken(item.Batch, item.Key, item.Record.Generation+1)
		ended, places = append(ended, ledger.Retrial{Seen: item, Next: next}), append(places, i)
	}
	answers, err := exec.revive(ctx, ended)
	if err != nil {
		return nil, err
	}
	for i, answer := range answers {
		switch answer.Result {
		case lifecycle.CommandApplied:
		case lifecycle.CommandSame:
			runNow = append(runNow, answer.Item)
		default:
			decisions[places[i]] = changed(answer)
		}
	}
	return decisions, exec.Tasks.RunNow(ctx, runNow)
}

// revive restarts ended items, in the ledger first: if the task is then not enqueued, a worker finds the item
// without one and repairs that.
func (exec *Executor) revive(ctx context.Context, ended []ledger.Retrial) ([]ledger.Commanded, error) {
	answers, err := exec.Ledger.Retry(ctx, exec.Batch, ended)
	if err != nil {
		return nil, err
	}
	var moved []ledger.Item
	for _, answer := range answers {
		if answer.Result == lifecycle.CommandApplied {
			moved = append(moved, answer.Item)
		}
	}
	return answers, exec.dispatch(ctx, moved)
}
