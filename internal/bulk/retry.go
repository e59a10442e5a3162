package bulk

import (
	"context"

	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// Retry lets items go on: those that failed begin again or are looked for, and those that wait are hurried.
func Retry() Verb { return Verb{Name: "retry", judge: judgeRetry, carryOut: retry} }

// judgeRetry leaves alone what somebody has withdrawn, unless it is asked for by its state or key.
func judgeRetry(item ledger.Item, chosen Selection) Deed {
	if item.Record.State == ledger.Canceled && !chosen.names("state", "key") {
		return Deed{Action: None, Why: "it was canceled; ask for it with --where state=canceled"}
	}
	way, why := item.Record.RetryAction()
	return Deed{Action: string(way), Why: why}
}

// retry revives the items that have ended. Those that are under way are only hurried.
func retry(ctx context.Context, on *Site, items []ledger.Item) ([]Deed, error) {
	deeds := make([]Deed, len(items))
	var ended []ledger.Retrial
	var places []int // of the ended ones among the items
	var hurried []ledger.Item
	for i, item := range items {
		way, _ := item.Record.RetryAction()
		deeds[i] = Deed{Action: string(way)}
		if way == lifecycle.RetryRunNow {
			hurried = append(hurried, item)
			continue
		}
		next := tasks.ClientToken(item.Batch, item.Key, item.Record.Generation+1)
		ended, places = append(ended, ledger.Retrial{Seen: item, Next: next}), append(places, i)
	}
	answers, err := on.revive(ctx, ended)
	if err != nil {
		return nil, err
	}
	for i, answer := range answers {
		switch answer.Verdict {
		case ledger.Applied:
		case ledger.Same:
			hurried = append(hurried, answer.Item)
		default:
			deeds[places[i]] = changed(answer)
		}
	}
	return deeds, on.Tasks.RunNow(ctx, hurried)
}

// revive lets items go on that had come to an end: in the ledger first, so that one whose task is then
// not put in is found without one by a worker.
func (on *Site) revive(ctx context.Context, ended []ledger.Retrial) ([]ledger.Commanded, error) {
	answers, err := on.Ledger.Retry(ctx, on.Batch, ended)
	if err != nil {
		return nil, err
	}
	var moved []ledger.Item
	for _, answer := range answers {
		if answer.Verdict == ledger.Applied {
			moved = append(moved, answer.Item)
		}
	}
	return answers, on.dispatch(ctx, moved)
}
