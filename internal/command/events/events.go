// Package events is the command that prints the events of a batch or a lane.
package events

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/follow"
	"havip/internal/lane"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/ledger"
	"havip/tasks"
)

// eventsPage is how many events are read at a time, followBlock how long a follower waits for one before it
// checks whether to end.
const (
	eventsPage  = 500
	followBlock = 500 * time.Millisecond
)

type options struct {
	// batch is "" for a lane.
	batch, lane string
	follow      bool
	filter      filter
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "events BATCH | --lane LANE",
		Short: "Print what happened to a batch or a lane, and who did it",
		Long: `Events prints what happened to a batch, oldest first: items created, rejected, unknown,
and what people did to it (retry, cancel, pause, resume, limit), with who, when, why and to
how many items. About the newest 10,000 events are kept, and the newest 1,000 of what people
did.

With --lane it prints what people did to a lane: paused, resumed, limited.

With --event, --key, --by and --since it prints only the events that match all of them.

With --follow it keeps printing new events until Ctrl-C.`,
		Example: `  enqueue events havips
  enqueue events havips --follow -o ndjson | jq -r 'select(.event == "rejected") | .key'
  enqueue events havips --event retry,cancel --by alice --since 24h
  enqueue events havips --json at,event,key,detail
  enqueue events --lane default/bj`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.batch = args[0]
			}
			if opts.batch != "" && !cli.Given(cmd.Flags(), "lane") {
				opts.lane = "" // $HAVIP_LANE is the workers'
			}
			return run(cmd.Context(), f, opts)
		},
	}
	terminal.DefineList(f.IO, cmd, eventList())
	terminal.DefinePager(cmd)
	cmd.Flags().StringVar(&opts.lane, "lane", "", "show the events of this lane, ACCOUNT/REGION, instead of a batch")
	cmd.Flags().BoolVarP(&opts.follow, "follow", "f", false, "print new events until Ctrl-C")
	opts.filter.define(cmd.Flags())
	return cmd
}

func run(ctx context.Context, f *session.Factory, opts options) error {
	if err := opts.filter.check(); err != nil {
		return err
	}
	switch {
	case (opts.batch == "") == (opts.lane == ""):
		return cli.Failf(cli.ExitUsage, "events of one batch, or with --lane of one lane; see `enqueue events --help`")
	case opts.follow:
		if err := f.CanFollow(); err != nil {
			return err
		}
	}
	var l tasks.Lane
	if opts.lane != "" {
		var err error
		if l, err = tasks.ParseLane(opts.lane); err != nil {
			return cli.Failf(cli.ExitUsage, "--lane: %w", err)
		}
	}
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if opts.lane != "" {
		return printEvents(ctx, f.IO, s, "lane "+l.String(), laneEvents(s, l), nil, opts)
	}
	b, err := s.Batch(ctx, opts.batch)
	if err != nil {
		return err
	}
	return printEvents(ctx, f.IO, s, "batch "+b.Name, batchEvents(s, b), forgottenActs(s, b.Name), opts)
}

// eventSource reads events after the one with the given ID, waiting up to block for the first.
type eventSource func(ctx context.Context, after string, block time.Duration) ([]eventRow, error)

// batchEvents reads a batch's events. The batch's record says who registered it. Who committed it is unknown: another
// user may have run a killed producer again.
func batchEvents(s *session.Session, b ledger.Batch) eventSource {
	return func(ctx context.Context, after string, block time.Duration) ([]eventRow, error) {
		events, err := s.Ledger.Events(ctx, b.Name, after, eventsPage, block)
		rows := rowsOf(events)
		for i := range rows {
			if rows[i].Event == "registered" {
				rows[i].By = b.Source.By
			}
		}
		return rows, err
	}
}

func laneEvents(s *session.Session, l tasks.Lane) eventSource {
	operator := lane.NewOperator(s.Redis, l.String())
	return func(ctx context.Context, after string, block time.Duration) ([]eventRow, error) {
		entries, err := operator.Log(ctx, after, eventsPage, block)
		rows := make([]eventRow, len(entries))
		for i, e := range entries {
			rows[i] = eventRow{ID: e.ID, At: e.At, Event: e.Kind, By: e.By, Reason: e.Reason, Detail: e.Detail}
		}
		return rows, err
	}
}

// forgottenActs reads the acts before the oldest event kept.
func forgottenActs(s *session.Session, batch string) func(ctx context.Context, before string) ([]eventRow, error) {
	return func(ctx context.Context, before string) ([]eventRow, error) {
		acts, err := s.Ledger.Acts(ctx, batch, before)
		return rowsOf(acts), err
	}
}

func rowsOf(events []ledger.Event) []eventRow {
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i] = eventRow{ID: e.ID, At: e.At.Time(), Event: e.Kind, Key: e.Key, By: e.By, Reason: e.Reason, Items: e.Items, Detail: e.Detail}
	}
	return rows
}

// printEvents writes the older acts, then a source's events, and follows it with --follow.
func printEvents(ctx context.Context, t *terminal.IO, s *session.Session, subject string, read eventSource, older func(context.Context, string) ([]eventRow, error), opts options) error {
	after := ""
	rows := opts.filter.rows(pages(ctx, read, older, &after))
	if opts.follow {
		return followEvents(ctx, t, s, read, rows, &opts.filter, &after)
	}
	n, err := terminal.Stream(t, eventList(), rows)
	switch {
	case err != nil || n > 0:
	case !opts.filter.empty():
		t.Infof("no event of %s matches", subject)
	default:
		t.Infof("%s has no events", subject)
	}
	return err
}

// pages reads the older acts, then a source's events until there are no more, and keeps the ID of the last one.
func pages(ctx context.Context, read eventSource, older func(context.Context, string) ([]eventRow, error), after *string) iter.Seq2[eventRow, error] {
	return func(yield func(eventRow, error) bool) {
		page, err := read(ctx, "", 0)
		if err == nil && older != nil {
			page, err = prepend(ctx, older, page)
		}
		for ; err == nil && len(page) > 0; page, err = read(ctx, *after, 0) {
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			*after = page[len(page)-1].ID
		}
		if err != nil {
			yield(eventRow{}, err)
		}
	}
}

// prepend adds the acts that are older than a source's first page before it.
func prepend(ctx context.Context, older func(context.Context, string) ([]eventRow, error), page []eventRow) ([]eventRow, error) {
	before := ""
	if len(page) > 0 {
		before = page[0].ID
	}
	rows, err := older(ctx, before)
	return append(rows, page...), err
}

// followEvents writes rows, and then the events after the given ID that match the filter, until it is interrupted, which is no
// error.
func followEvents(ctx context.Context, t *terminal.IO, s *session.Session, read eventSource, rows iter.Seq2[eventRow, error], only *filter, after *string) error {
	out := terminal.Writer(t, eventList())
	for r, err := range rows {
		if err == nil {
			err = out.Write(r)
		}
		if err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	*after = cmp.Or(*after, "0")
	for ctx.Err() == nil {
		page, err := follow.WithRetry(ctx, s, func() ([]eventRow, error) { return read(ctx, *after, followBlock) })
		if err != nil && ctx.Err() == nil {
			return err
		}
		for _, r := range page {
			*after = r.ID
			if !only.matches(r) {
				continue
			}
			if err := out.Write(r); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return &cli.Error{Code: cli.ExitInterrupted}
}
