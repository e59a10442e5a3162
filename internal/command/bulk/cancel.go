package bulk

import (
	"github.com/spf13/cobra"

	"havip/internal/bulk"
	"havip/internal/durability"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
	"havip/lifecycle"
)

// NewCancelCommand returns the command.
func NewCancelCommand(f *session.Factory) *cobra.Command {
	opts := options{durable: durability.Verifier{Stops: true}}
	cmd := &cobra.Command{
		Use:   "cancel BATCH",
		Short: "Cancel items that have not been created yet",
		Long: `Cancel cancels a batch's items, and never leaves a HaVIP without a record:

  cancel         the item is queued or waiting: it is canceled at once
  after-outcome  a request is in flight, or its outcome is unknown: nothing more is sent,
                 and the item is canceled once it is certain that nothing was created: by
                 BCE's answer, or by two listings without it, the last one 10 minutes after
                 the last request (worker --confirm-within). If the HaVIP exists, the item
                 is not canceled, and ` + "`enqueue results`" + ` says so

Items that have their HaVIP are not changed. To retry canceled items, run
` + "`enqueue retry BATCH --where state=canceled`" + `.

It asks for confirmation on a terminal, and needs --yes without one. If it is killed, run
it again. If Redis may lose data (it evicts keys, or writes nothing to disk), cancel only
warns that the cancellation may be lost as well.`,
		Example: `  enqueue cancel havips --dry-run
  enqueue cancel havips --reason 'wrong subnet' --yes
  enqueue cancel havips --where subnetId=sbn-dk8gl9bc --where state=waiting`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batch = args[0]
			return cancel(f, opts).run(cmd.Context())
		},
	}
	opts.define(cmd)
	return cmd
}

func cancel(f *session.Factory, opts options) operation {
	return operation{Operation: bulk.Cancel(), Factory: f, options: opts, after: func(b ledger.Batch, done *bulk.Tally) { afterCancel(f.IO, b, done) }}
}

// afterCancel says what happens next.
func afterCancel(t *terminal.IO, b ledger.Batch, done *bulk.Tally) {
	if n := done.Of(string(lifecycle.CancelLater)); n > 0 {
		t.Infof("%s in flight or of unknown outcome: canceled once it is certain that nothing was created, by default 10 minutes after the last request; an item whose HaVIP exists is not canceled. Follow it with `enqueue watch %s`",
			words.Count(n, "item is", "items are"), shell.Operand(b.Name))
	}
	if b.CommittedAt == 0 {
		t.Infof("batch %s is incomplete: a producer that is still running adds more items", b.Name)
	}
}
