package terminal

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/spelling"
)

// DefineFlags defines the flags that every command has about its output.
func (t *IO) DefineFlags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.VarP(&t.Format, "output", "o", "how data is written to stdout: table, json, ndjson or csv")
	f.BoolVar(&t.CSVSafe, "csv-safe", false, "-o csv that is safe to open in a spreadsheet; see enqueue help formats")
	f.BoolVarP(&t.Quiet, "quiet", "q", false, "write only errors to stderr: no messages or progress")
	cli.Choices(f, "output", render.Formats()...)
}

// FieldsFlag is --json, which chooses among the fields of what the command writes.
const FieldsFlag = "json"

// DefineFields gives a command --json for records of a type.
func DefineFields[R any](t *IO, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&t.Fields, FieldsFlag, nil, "-o json with these fields alone; without any, it lists them")
	cli.Choices(f, FieldsFlag, render.Fields[R]()...)
}

// SettleFormat sets the format that --json or --csv-safe imply, and refuses flags that contradict each
// other. The same flags from the environment imply no format: they hold whenever it is written.
func (t *IO) SettleFormat(cmd *cobra.Command) error {
	flags := cmd.Flags()
	wanted := render.Format("")
	switch {
	case t.Fields != nil:
		if err := checkFields(cmd, t.Fields); err != nil {
			return err
		}
		if wanted = render.JSON; t.Format == render.NDJSON {
			wanted = render.NDJSON
		}
		if cli.Given(flags, "csv-safe") {
			return cli.Failf(cli.ExitUsage, "--json writes JSON, and --csv-safe CSV: choose one")
		}
	case t.CSVSafe && cli.Given(flags, "csv-safe"):
		wanted = render.CSV
	}
	if wanted == "" || t.Format == wanted {
		return nil
	}
	if cli.Given(flags, "output") {
		return cli.Failf(cli.ExitUsage, "-o %s: there is a flag that asks for %s; choose one", t.Format, wanted)
	}
	return flags.Set("output", string(wanted))
}

// checkFields refuses fields that what the command writes does not have.
func checkFields(cmd *cobra.Command, fields []string) error {
	known := cli.ChoicesOf(cmd.Flags(), FieldsFlag)
	for _, field := range fields {
		if !slices.Contains(known, field) {
			meant := spelling.DidYouMean(field, "", known)
			return cli.Failf(cli.ExitUsage, "--json: unknown field %q%s%s", field, meant,
				spelling.Then(meant, "the fields are "+strings.Join(known, ", ")))
		}
	}
	return nil
}
