package bulk

import (
	"github.com/spf13/cobra"

	"havip/internal/bulk"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
	"havip/lifecycle"
)

// NewCancelCommand returns the command.
func NewCancelCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "cancel BATCH",
		Short: "Withdraw items that are not created yet",
		Long: `Cancel withdraws a batch's items, as far as that is possible without leaving something
behind that nobody knows of:

  cancel         queued or waiting, and nothing in doubt: it is canceled at once
  after-outcome  a request of it is in flight, or it is not known whether one created it:
                 nothing is sent for it any more, and it is canceled once it is certain that
                 nothing was created: by an answer, or by two listings that do not show
                 it, the last of them 10 minutes after its last request (worker
                 --confirm-within). If its HaVIP exists, it stays, and ` + "`enqueue results`" + ` says so

Items that have their HaVIP are left alone. What was canceled can be taken up again with
` + "`enqueue retry BATCH --where state=canceled`" + `.

It asks on a terminal, and needs --yes without one. Killed half-way, it is simply run again.`,
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
		t.Infof("%s in flight or in doubt: canceled once it is certain that nothing was created, by default 10 minutes after its last request; one whose HaVIP exists stays. Follow it with `enqueue watch %s`",
			words.Count(n, "item is", "items are"), shell.Quote(b.Name))
	}
	if b.CommittedAt == 0 {
		t.Infof("batch %s is incomplete: a producer that is still at it puts in more items", b.Name)
	}
}
