package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
	"havip/lifecycle"
)

// none is the choice that no candidate is the item's.
const none = "none"

// resolveOptions adds the choice to options; haVIPID is "" for none.
type resolveOptions struct {
	options
	key, haVIPID string
}

// NewResolveCommand returns the command.
func NewResolveCommand(f *session.Factory) *cobra.Command {
	var opts resolveOptions
	cmd := &cobra.Command{
		Use:   "resolve BATCH KEY HAVIP",
		Short: "Decide which HaVIP belongs to an item in review",
		Long: `Resolve records a person's decision about an item in review. HAVIP is one of:

  a haVipId  of a candidate: it belongs to the item, which is adopted
  none       no candidate belongs to the item: they are never its candidates again, and it
             is looked up without them before anything is sent

` + "`enqueue results BATCH --state review`" + ` shows the items, and with -o json their candidates.
Candidates are those that a worker found. If you have deleted or renamed HaVIPs since,
run ` + "`enqueue retry BATCH --where key=KEY`" + ` instead: it looks the item up again.

It asks for confirmation on a terminal, and needs --yes without one.`,
		Example: `  enqueue resolve havips web-1 havip-w2d4kgc3x0y1 --reason 'created at 10:02'
  enqueue resolve havips web-1 none --dry-run`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batch, opts.key, opts.haVIPID = args[0], args[1], args[2]
			if opts.haVIPID == none {
				opts.haVIPID = ""
			}
			return resolve(f, opts).run(cmd.Context())
		},
	}
	opts.defineCommon(cmd)
	return cmd
}

func resolve(f *session.Factory, opts resolveOptions) operation {
	opts.where = []string{"key=" + opts.key}
	return operation{
		Operation: bulk.Resolve(opts.haVIPID), Factory: f, options: opts.options,
		before:   func(ctx context.Context, s *session.Session, _ ledger.Batch) error { return opts.check(ctx, s) },
		question: func(int64, string) string { return opts.question() },
		after: func(b ledger.Batch, done *bulk.Tally) {
			if done.Of(string(lifecycle.ResolveLookUpFirst)) > 0 {
				f.Infof("a worker looks it up within minutes; follow it with `enqueue watch %s`", shell.Operand(b.Name))
			}
		},
	}
}

func (opts resolveOptions) question() string {
	if opts.haVIPID == "" {
		return fmt.Sprintf("Look up item %q without its candidates, and create its HaVIP if it has no other?", opts.key)
	}
	return fmt.Sprintf("Record %s as the HaVIP of item %q?", opts.haVIPID, opts.key)
}

// check refuses a choice that cannot be made, and names those that can.
func (opts resolveOptions) check(ctx context.Context, s *session.Session) error {
	item, err := s.Ledger.Item(ctx, opts.batch, opts.key)
	var missing *ledger.ItemNotFoundError
	if errors.As(err, &missing) {
		return cli.Failf(cli.ExitUsage, "%w", err)
	}
	if err != nil {
		return err
	}
	rec := item.Record
	action, why := rec.ResolveAction(opts.haVIPID)
	if action != lifecycle.ResolveNone || rec.State.Succeeded() && rec.HaVIPID == opts.haVIPID {
		return nil
	}
	if rec.State == lifecycle.Review && len(rec.Candidates) > 0 {
		ids := make([]string, len(rec.Candidates))
		for i, c := range rec.Candidates {
			ids[i] = c.HaVIPID
		}
		why += "; its candidates are " + strings.Join(ids, ", ")
	}
	return cli.Failf(cli.ExitUsage, "item %q: %s", opts.key, why)
}
