package bulk

import (
	"github.com/spf13/cobra"

	"havip/internal/bulk"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
)

// NewRetryCommand returns the command.
func NewRetryCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "retry BATCH",
		Short: "Try items again: the failed ones, and those that wait",
		Long: `Retry lets items go on. What is done to each depends on what is certain of it:

  new-token      rejected: it created nothing and restarts under its next clientToken,
                 because BCE may repeat a refusal for a token
  look-up-first  in review: it is looked up in BCE before anything is sent
  run-now        queued, waiting or unknown: its task runs now instead of after its delay;
                 token and bytes do not change
  restart        canceled before it was sent: it restarts

A canceled item is tried again only when --where names its state or key. An item that has
its HaVIP is left alone.

It asks on a terminal, and needs --yes without one. Killed half-way, it is simply run again.`,
		Example: `  enqueue retry havips --dry-run
  enqueue retry havips --where code=SubnetHasNoMoreIpException --reason 'subnet is larger now' --yes
  enqueue retry havips --where state=canceled --where key=web-1`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batch = args[0]
			return retry(f, opts).run(cmd.Context())
		},
	}
	opts.define(cmd)
	return cmd
}

func retry(f *session.Factory, opts options) operation {
	return operation{Operation: bulk.Retry(), Factory: f, options: opts, after: func(b ledger.Batch, _ *bulk.Tally) {
		report.Pause(f.IO, b)
		f.Infof("follow it with `enqueue watch %s`", shell.Quote(b.Name))
	}}
}
