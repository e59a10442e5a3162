package main

import (
	"github.com/spf13/cobra"

	"havip/internal/bulk"
	"havip/internal/report"
	"havip/internal/shell"
	"havip/ledger"
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
			return bulkCommand{Operation: bulk.Retry(), after: a.afterRetry}.run(cmd.Context(), a, args[0], flags)
		},
	}
	a.defineBulkFlags(cmd, &flags)
	return cmd
}

// afterRetry tells how to go on.
func (a *app) afterRetry(b ledger.Batch, _ *bulk.Tally) {
	report.Pause(a.IO, b)
	a.Infof("follow it with `enqueue watch %s`", shell.Quote(b.Name))
}
