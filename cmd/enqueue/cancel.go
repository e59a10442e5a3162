package main

import (
	"context"

	"github.com/spf13/cobra"

	"havip/ledger"
)

func (a *app) cancelCommand() *cobra.Command {
	var flags bulkFlags
	cmd := &cobra.Command{
		Use:   "cancel BATCH",
		Short: "Withdraw items that are not created yet",
		Long: `Cancel withdraws a batch's items, as far as that is possible without leaving something
behind that nobody knows of:

  cancel         queued or waiting, and nothing in doubt: it is canceled at once
  after-outcome  a request of it is in flight, or it is not known whether one created it:
                 nothing is sent for it any more, and it is canceled once it is certain that
                 nothing was created, by an answer or by a lookup in BCE. That takes a
                 minute or two. If its HaVIP exists, it stays, and ` + "`enqueue results`" + ` says so

Items that have their HaVIP are left alone. What was canceled can be taken up again with
` + "`enqueue retry BATCH --where state=canceled`" + `.

It asks on a terminal, and needs --yes without one. Killed half-way, it is simply run again.`,
		Example: `  enqueue cancel havips --dry-run
  enqueue cancel havips --reason 'wrong subnet' --yes
  enqueue cancel havips --where subnetId=sbn-dk8gl9bc --where state=waiting`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return bulk{verb: "cancel", judge: judgeCancel, carryOut: cancelItems, after: a.afterCancel}.run(cmd.Context(), a, args[0], flags)
		},
	}
	defineBulkFlags(cmd, &flags)
	return cmd
}

func judgeCancel(item ledger.Item, _ selection) (action, why string) {
	way, why := item.Record.CancelWay()
	return string(way), why
}

// cancelItems cancels the items, and has those in doubt looked for soon instead of after their delay.
func cancelItems(ctx context.Context, on *worksite, items []ledger.Item) ([]deed, error) {
	answers, err := on.ledger.Cancel(ctx, on.batch, on.reason, items)
	if err != nil {
		return nil, err
	}
	deeds := make([]deed, len(items))
	var doubtful []ledger.Item
	for i, answer := range answers {
		switch answer.Verdict {
		case ledger.Applied:
			deeds[i] = deed{action: string(ledger.CancelNow)}
		case ledger.Asked, ledger.Same:
			deeds[i] = deed{action: string(ledger.CancelLater)}
			if answer.Item.Record.State != ledger.Sending {
				doubtful = append(doubtful, answer.Item)
			}
		default:
			deeds[i] = deed{none, meanwhile(answer.Item)}
		}
	}
	return deeds, on.tasks.Hurry(ctx, doubtful)
}

// afterCancel tells what is still to come.
func (a *app) afterCancel(b ledger.Batch, done *bulkTally) {
	if n := done.of(string(ledger.CancelLater)); n > 0 {
		a.say("%s in flight or in doubt: canceled once it is certain that nothing was created; one whose HaVIP exists stays. Follow it with `enqueue watch %s`",
			count(n, "item is", "items are"), word(b.Name))
	}
	if b.CommittedAt == 0 {
		a.say("batch %s is incomplete: a producer that is still at it puts in more items", b.Name)
	}
}
