package main

import (
	"context"

	"github.com/spf13/cobra"

	"havip/ledger"
	"havip/tasks"
)

func (a *app) retryCommand() *cobra.Command {
	var flags bulkFlags
	cmd := &cobra.Command{
		Use:   "retry BATCH",
		Short: "Try items again: the failed ones, and those that wait",
		Long: `Retry lets items go on. What is done to each depends on what is certain of it:

  new-token   rejected: it provably created nothing, and begins again under its next
              clientToken, since BCE may repeat a refusal for a token's sake
  look-first  in review: what exists in BCE is looked at afresh, before anything is sent
  hurry       queued, waiting or unknown: its task runs now rather than after its delay;
              token and bytes stay what they are
  anew        canceled before it was sent: it begins again

A canceled item is tried again only when --where names its state or key. An item that has
its HaVIP is left alone.

It asks on a terminal, and needs --yes without one. Killed half-way, it is simply run again.`,
		Example: `  enqueue retry havips --dry-run
  enqueue retry havips --where code=SubnetHasNoMoreIpException --reason 'subnet is larger now' --yes
  enqueue retry havips --where state=canceled --where key=web-1`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return bulk{verb: "retry", judge: judgeRetry, carryOut: retryItems, after: a.afterRetry}.run(cmd.Context(), a, args[0], flags)
		},
	}
	defineBulkFlags(cmd, &flags)
	return cmd
}

// judgeRetry is what would be done to an item. What somebody has withdrawn is not taken up again by the
// way.
func judgeRetry(item ledger.Item, chosen selection) (action, why string) {
	if item.Record.State == ledger.Canceled && !chosen.names("state", "key") {
		return none, "it was canceled; ask for it with --where state=canceled"
	}
	way, why := item.Record.RetryWay()
	return string(way), why
}

// retryItems lets the items go on. Those that are under way are only hurried.
func retryItems(ctx context.Context, on *worksite, items []ledger.Item) ([]deed, error) {
	deeds := make([]deed, len(items))
	var ended []ledger.Retrial
	var places []int // of the ended ones among the items
	var hurried []ledger.Item
	for i, item := range items {
		way, _ := item.Record.RetryWay()
		deeds[i] = deed{action: string(way)}
		if way == ledger.Hurry {
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
			deeds[places[i]] = deed{none, meanwhile(answer.Item)}
		}
	}
	return deeds, on.tasks.Hurry(ctx, hurried)
}

// revive lets items go on that had come to an end: in the ledger first, so that one whose task is then
// not put in is found without one by a worker.
func (on *worksite) revive(ctx context.Context, ended []ledger.Retrial) ([]ledger.Retried, error) {
	answers, err := on.ledger.Retry(ctx, on.batch, ended)
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

// dispatch puts in the items' tasks, and marks them as enqueued.
func (on *worksite) dispatch(ctx context.Context, items []ledger.Item) error {
	if err := on.tasks.Dispatch(ctx, items); err != nil {
		return err
	}
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	return on.ledger.MarkEnqueued(ctx, on.batch, keys)
}

// afterRetry tells how to go on.
func (a *app) afterRetry(b ledger.Batch, _ *bulkTally) {
	a.sayHeld(b)
	a.say("follow it with `enqueue watch %s`", word(b.Name))
}

// meanwhile is why nothing is done to an item that was eligible a moment ago.
func meanwhile(item ledger.Item) string { return "it is " + string(item.Record.State) + " meanwhile" }
