package terminal

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/spelling"
	"havip/internal/words"
)

// DefineFlags defines the output flags of every command.
func (t *IO) DefineFlags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.VarP(&t.Format, "output", "o", "output format: table, wide (a table with more columns), json, ndjson or csv")
	f.BoolVar(&t.CSVSafe, "csv-safe", false, "output CSV that is safe to open in a spreadsheet; see enqueue help formats")
	f.BoolVarP(&t.Quiet, "quiet", "q", false, "write only errors to stderr: no messages or progress")
	f.Var(&t.Color, "color", "use colors in tables: auto (on a terminal), always or never")
	f.BoolVar(&t.UTC, "utc", false, "show times in tables in UTC instead of local time")
	cli.Choices(f, "color", colorModes()...)
	cli.Choices(f, "output", render.Formats()...)
}

// The flags of lists; most of their values are names of fields or columns.
const (
	FieldsFlag  = "json"
	ColumnsFlag = "columns"
	SortFlag    = "sort"

	limitFlag = "limit"
)

// DefineFields defines --json for records of a type.
func DefineFields[R any](t *IO, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&t.Fields, FieldsFlag, nil, "output JSON with these fields; without a value, list the fields")
	cli.Choices(f, FieldsFlag, render.Fields[R]()...)
}

// DefineList defines the flags of a list: the fields, the order and the number of records.
func DefineList[R any](t *IO, cmd *cobra.Command, list render.List[R]) {
	DefineFields[R](t, cmd)
	t.defineQuery(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&t.Columns, ColumnsFlag, nil, "show these columns in the table or CSV; without a value, list the columns")
	f.StringSliceVar(&t.Sort, SortFlag, nil, "sort by these columns; -COLUMN means descending order")
	f.IntVar(&t.Limit, limitFlag, 0, "maximum number of records to output; 0 means all")
	cli.AtLeast(f, limitFlag, &t.Limit, 0, "must be a whole number, or 0 for all")
	cli.Choices(f, ColumnsFlag, list.Names()...)
	cli.Choices(f, SortFlag, list.Names()...)
}

// ListFlags are the flags of [DefineList], for commands that do not always output a list.
func ListFlags() []string {
	return []string{FieldsFlag, jqFlag, templateFlag, ColumnsFlag, SortFlag, limitFlag}
}

// ListFlagGiven reports whether the command line has one of [ListFlags].
func ListFlagGiven(cmd *cobra.Command) bool {
	return slices.ContainsFunc(ListFlags(), func(name string) bool { return cli.Given(cmd.Flags(), name) })
}

// SettleFormat sets the format that --json or --csv-safe implies, and refuses contradictory flags. Set by
// variables, these flags imply no format: they apply whenever it is used.
func (t *IO) SettleFormat(cmd *cobra.Command) error {
	flags := cmd.Flags()
	if err := errors.Join(t.checkList(cmd), t.compile(cmd)); err != nil {
		return err
	}
	defer t.settlePager(cmd)
	wanted := render.Format("")
	switch {
	case t.Fields != nil, t.query != nil:
		if wanted = render.JSON; t.Format == render.NDJSON {
			wanted = render.NDJSON
		}
		if cli.Given(flags, "csv-safe") || cli.Given(flags, ColumnsFlag) {
			return cli.Failf(cli.ExitUsage, "--json, --jq and --template output JSON and cannot be used with --csv-safe or --columns")
		}
	case t.CSVSafe && cli.Given(flags, "csv-safe"):
		wanted = render.CSV
	}
	if wanted == "" || t.Format == wanted {
		return nil
	}
	if cli.Given(flags, "output") {
		return cli.Failf(cli.ExitUsage, "-o %s: another flag requires %s; use only one of them", t.Format, wanted)
	}
	return flags.Set("output", string(wanted))
}

// checkList refuses unknown names of fields and columns.
func (t *IO) checkList(cmd *cobra.Command) error {
	for _, flag := range []struct {
		name, noun string
		words      []string
	}{{FieldsFlag, "field", t.Fields}, {ColumnsFlag, "column", t.Columns}, {SortFlag, "column", t.Sort}} {
		if err := checkNames(cmd, flag.name, flag.noun, flag.words); err != nil {
			return cli.Blame(cmd.Flags(), err, flag.name)
		}
	}
	if t.Limit > 0 && !cli.Given(cmd.Flags(), limitFlag) {
		t.Infof("output is limited to %s by %s", words.Count(t.Limit, "record", "records"), cli.SourceOf(cmd.Flags(), limitFlag))
	}
	if cli.Given(cmd.Flags(), ColumnsFlag) && (t.Format == render.JSON || t.Format == render.NDJSON) {
		return cli.Failf(cli.ExitUsage, "--columns is for tables and CSV; use --json %s", strings.Join(t.Columns, ","))
	}
	return nil
}

func checkNames(cmd *cobra.Command, flag, noun string, names []string) error {
	known := cli.ChoicesOf(cmd.Flags(), flag)
	if len(names) == 0 && cmd.Flags().Changed(flag) {
		return cli.Failf(cli.ExitUsage, "--%s: names no %s; the %ss are %s", flag, noun, noun, strings.Join(known, ", "))
	}
	seen := map[string]bool{}
	for _, name := range names {
		if flag == SortFlag {
			name = strings.TrimPrefix(name, render.Descending)
		}
		if !slices.Contains(known, name) {
			meant := spelling.DidYouMean(name, "", known)
			return cli.Failf(cli.ExitUsage, "--%s: unknown %s %q%s%s", flag, noun, name, meant,
				spelling.Then(meant, "the "+noun+"s are "+strings.Join(known, ", ")))
		}
		if seen[name] {
			return cli.Failf(cli.ExitUsage, "--%s: %s %q is named twice", flag, noun, name)
		}
		seen[name] = true
	}
	return nil
}
