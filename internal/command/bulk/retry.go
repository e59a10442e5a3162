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
		Short: "Retry failed and waiting items",
		Long: `Retry retries items. What it does depends on the item's state:

  new-token      rejected: nothing was created, and the item restarts with its next
                 clientToken, because BCE may repeat a refusal for a token
  look-up-first  in review: the item is looked up in BCE before anything is sent
  run-now        queued, waiting or unknown: the task runs now instead of after its delay;
                 token and request do not change
  restart        canceled before it was sent: the item restarts

Canceled items are retried only if --where names their state or key. Items that have their
HaVIP are not changed.

It asks for confirmation on a terminal, and needs --yes without one. If it is killed, run
it again.`,
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
		f.Infof("follow it with `enqueue watch %s`", shell.Operand(b.Name))
	}}
}
