// Package imports is the command that records existing HaVIPs as the results of a batch.
package imports

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/durability"
	"havip/internal/intake"
	"havip/internal/lane"
	"havip/internal/region"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

type options struct {
	batch, path string
	where       []string
	lane        string
	dryRun      bool
	file        intake.Flags
	cloud       cloud.Flags
	durable     durability.Verifier
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "import BATCH FILE | import BATCH --where FIELD=PATTERN",
		Short: "Record HaVIPs that exist already as a batch, and create none",
		Long: `Import lists the HaVIPs of the lanes in BCE and records the selected ones as items of the
batch, in state adopted. It creates nothing in BCE, and rollback never deletes them.

With FILE, each row must match one HaVIP by name, subnet and, if the row has one, address.
The same FILE can be applied afterwards under the same batch name: nothing is left to do.

With --where, the HaVIPs of one lane whose fields match all patterns are imported. Their keys
are their names, or their haVipIds if a name is not unique. HaVIPs that belong to another
item are left out, unless the record of its batch was deleted.
Fields: ` + fieldList() + `; * matches any text.

With --dry-run, it lists on stdout what would be imported, as -o, --columns or --jq say.

If rows cannot be imported, each is reported and nothing is recorded (exit code 3). If an
import is interrupted, run it again with the same arguments.`,
		Example: `  enqueue import office office.csv --dry-run
  enqueue import web --where 'name=web-*' --dry-run --columns key,haVipId
  enqueue import office office.csv
  enqueue import web --where 'name=web-*' --where subnetId=sbn-4fa9d3c21b70
  enqueue results old -o csv > old.csv && enqueue import --redis redis://new:6379/0 old old.csv`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batch = args[0]
			if len(args) > 1 {
				opts.path = args[1]
			}
			if !cli.Given(cmd.Flags(), "lane") {
				opts.lane = tasks.Lane{Account: tasks.DefaultAccount, Region: f.Region}.String() // $HAVIP_LANE is the workers'
			}
			return run(cmd.Context(), f, opts)
		},
	}
	terminal.DefineList(f.IO, cmd, list())
	terminal.DefinePager(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&opts.where, "where", nil, "import the HaVIPs whose FIELD matches PATTERN instead of those of a file; may be repeated")
	flags.StringVar(&opts.lane, "lane", "", "the lane to list, as ACCOUNT/REGION (default: default/REGION)")
	flags.BoolVar(&opts.dryRun, "dry-run", false, "list what would be imported, and record nothing")
	cli.Requires(flags, "lane", "where")
	for _, flag := range terminal.ListFlags() {
		cli.Requires(flags, flag, "dry-run") // an import prints no list
	}
	flags.StringVar(&opts.file.Format, "format", "", "format of the file: csv, ndjson, json or yaml (default: by its extension)")
	region.DefineAllow(flags, &opts.file.AllowUnknownRegion)
	opts.cloud.Define(cmd)
	opts.durable.Define(cmd)
	return cmd
}

func run(ctx context.Context, f *session.Factory, opts options) error {
	find, source, err := finderOf(ctx, f, opts)
	if err != nil {
		return err
	}
	s, err := opts.durable.OpenFor(ctx, f, !opts.dryRun)
	if err != nil {
		return err
	}
	defer s.Close()
	found, err := find(ctx, newListings(f, s, opts.cloud))
	if err != nil {
		return err
	}
	importer := tasks.Importer{Ledger: s.Ledger}
	left, refused, err := importer.Check(ctx, opts.batch, found.rows)
	if err != nil {
		return err
	}
	err = report(f, opts, found, left, append(found.refused, refused...))
	if err != nil || opts.dryRun || len(found.rows) == 0 {
		return err
	}
	err = opts.durable.Change(ctx, f, s, durability.Batch(opts.batch), func() error {
		return importer.Import(ctx, opts.batch, source, left)
	})
	if refusal := (tasks.ImportRefusal{}); errors.As(err, &refusal) {
		return cli.Fail(cli.ExitInvalidInput, err)
	}
	if err != nil {
		return err
	}
	f.Infof("%s recorded; see them with `enqueue results %s`", words.Count(len(left), "HaVIP", "HaVIPs"), shell.Operand(opts.batch))
	return nil
}

// finder finds the rows to import and their HaVIPs.
type finder func(context.Context, *listings) (selection, error)

// finderOf validates the command line before anything is opened or listed.
func finderOf(ctx context.Context, f *session.Factory, opts options) (finder, ledger.Source, error) {
	source := ledger.Source{By: session.Author()}
	if rule := tasks.ValidateBatch(opts.batch); rule != "" {
		return nil, source, cli.Failf(cli.ExitUsage, "batch %q: %s", opts.batch, rule)
	}
	if (opts.path == "") == (len(opts.where) == 0) {
		return nil, source, cli.Failf(cli.ExitUsage, "import the HaVIPs of a FILE, or those that --where chooses; see `enqueue import --help`")
	}
	if opts.path == "" {
		where, err := parseWhere(opts.where)
		if err != nil {
			return nil, source, cli.Fail(cli.ExitUsage, err)
		}
		l, err := tasks.ParseLane(opts.lane)
		if err == nil {
			err = region.Check(l.Region, opts.file.AllowUnknownRegion)
		}
		if err != nil {
			return nil, source, cli.Fail(cli.ExitUsage, err)
		}
		source.File = "BCE"
		return func(ctx context.Context, x *listings) (selection, error) { return x.choose(ctx, opts.batch, l, where) }, source, nil
	}
	opts.file.Batch = opts.batch
	in, err := intake.ReadFile(ctx, f, opts.path, opts.file)
	if err != nil {
		return nil, source, err
	}
	source.File = in.Name
	return func(ctx context.Context, x *listings) (selection, error) {
		defer in.Close()
		return x.match(ctx, in.Items(ctx))
	}, source, nil
}

// report reports what is imported, or returns an error about rows that cannot be imported.
func report(f *session.Factory, opts options, found selection, left []tasks.Existing, refused []tasks.ImportRefusal) error {
	for _, r := range refused {
		place := "BCE"
		if opts.path != "" {
			place = fmt.Sprintf("%s:%d", opts.path, r.Row.Line)
		}
		f.Errorf("%s: %s", place, r)
	}
	if n := len(refused); n > 0 {
		return cli.Failf(cli.ExitInvalidInput, "%s cannot be imported; nothing was recorded", words.Count(n, "row", "rows"))
	}
	if opts.dryRun {
		rows := make([]row, len(left))
		for i, e := range left {
			rows[i] = rowOf(opts.batch, e)
		}
		if err := terminal.Print(f.IO, list(), rows); err != nil {
			return err
		}
	}
	text := words.Count(len(left), "HaVIP", "HaVIPs") + " to import"
	if there := len(found.rows) - len(left); there > 0 {
		text += ", " + words.Number(int64(there)) + " imported before"
	}
	if found.owned > 0 {
		text += ", " + words.Number(int64(found.owned)) + " of other items left out"
	}
	f.Infof("batch %s: %s", opts.batch, text)
	return nil
}

// pinned refuses a lane whose workers use a different endpoint than this command.
func pinned(ctx context.Context, s *session.Session, l tasks.Lane, endpoint string) error {
	standing, err := lane.PinnedTo(ctx, s.Redis, l.String())
	if err != nil || standing.Endpoint == "" || standing.Endpoint == endpoint {
		return err
	}
	return cli.Failf(cli.ExitConfig, "lane %s: its workers use the endpoint %s, but this command uses %s; set --endpoint or BCE_ENDPOINT to that of the workers", l, standing.Endpoint, endpoint)
}
