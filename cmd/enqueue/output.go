package main

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/spelling"
)

// defineOutputFlags are the flags of every command about what it writes, and where.
func (a *app) defineOutputFlags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.VarP(&a.output, "output", "o", "how data is written to stdout: table, json, ndjson or csv")
	f.BoolVar(&a.csvSafe, "csv-safe", false, "-o csv that is safe to open in a spreadsheet; see enqueue help formats")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "write nothing but errors to stderr: neither talk nor progress")
	cli.Choices(f, "output", render.Formats()...)
}

// fieldsFlag is --json, which chooses among the fields of what the command writes.
const fieldsFlag = "json"

// defineFields gives a command --json for rows of a type.
func defineFields[R any](a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&a.fields, fieldsFlag, nil, "-o json with these fields alone; without any, it lists them")
	cli.Choices(f, fieldsFlag, render.Fields[R]()...)
}

// settleOutput brings the flags about the output together: --json and --csv-safe each say a format, too.
// A variable does not; it is there for whenever its format is written.
func (a *app) settleOutput(cmd *cobra.Command) error {
	flags := cmd.Flags()
	wanted := render.Format("")
	switch {
	case a.fields != nil:
		if err := checkFields(cmd, a.fields); err != nil {
			return err
		}
		if wanted = render.JSON; a.output == render.NDJSON {
			wanted = render.NDJSON
		}
		if cli.Given(flags, "csv-safe") {
			return cli.Failf(cli.ExitUsage, "--json writes JSON, and --csv-safe CSV: choose one")
		}
	case a.csvSafe && cli.Given(flags, "csv-safe"):
		wanted = render.CSV
	}
	if wanted == "" || a.output == wanted {
		return nil
	}
	if cli.Given(flags, "output") {
		return cli.Failf(cli.ExitUsage, "-o %s: there is a flag that asks for %s; choose one", a.output, wanted)
	}
	return flags.Set("output", string(wanted))
}

// checkFields refuses fields that what the command writes does not have.
func checkFields(cmd *cobra.Command, fields []string) error {
	known := cli.ChoicesOf(cmd.Flags(), fieldsFlag)
	for _, field := range fields {
		if !slices.Contains(known, field) {
			meant := spelling.DidYouMean(field, "", known)
			return cli.Failf(cli.ExitUsage, "--json: unknown field %q%s%s", field, meant,
				spelling.Then(meant, "the fields are "+strings.Join(known, ", ")))
		}
	}
	return nil
}

// style is how results are written.
func (a *app) style() render.Style {
	return render.Style{Format: a.output, Fields: a.fields, Guarded: a.csvSafe, Width: cli.TerminalWidth(a.out, 0)}
}

// data is where the output's format is written to.
func (a *app) data() io.Writer {
	if a.output == render.Table || !cli.IsTerminal(a.out) {
		return a.out // a table makes its own cells printable
	}
	return render.ForTerminal(a.out, a.output)
}

// records writes CSV to stdout.
func (a *app) records(head ...string) *render.Records {
	return render.NewRecords(a.data(), a.csvSafe, head...)
}

// encode writes rows as -o json or ndjson, with the fields that are asked for.
func encode[R any](a *app, rows []R) error {
	if a.fields == nil {
		return encodeRows(a.data(), a.output, rows)
	}
	picked := make([]json.RawMessage, len(rows))
	for i, row := range rows {
		var err error
		if picked[i], err = render.Pick(row, a.fields); err != nil {
			return err
		}
	}
	return encodeRows(a.data(), a.output, picked)
}

// encodeRows writes an array, or with ndjson an object a line.
func encodeRows[R any](w interface{ Write(p []byte) (int, error) }, format render.Format, rows []R) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if format == render.JSON {
		enc.SetIndent("", "  ")
		if rows == nil {
			rows = []R{}
		}
		return enc.Encode(rows)
	}
	for _, row := range rows {
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	return nil
}
