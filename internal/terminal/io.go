// Package terminal is a command's input and outputs: data goes to stdout in the format that is asked
// for, messages and progress go to stderr, and a person is asked for confirmation.
package terminal

import (
	"context"
	"io"
	"sync/atomic"

	"havip/internal/cli"
	"havip/internal/progress"
	"havip/internal/query"
	"havip/internal/render"
)

// IO are a command's input and outputs, with the flags about them.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   cli.Getenv
	// Format is how data is written to Out.
	Format render.Format
	// Fields are the only ones that JSON has, nil for all; CSVSafe makes CSV safe for a spreadsheet.
	Fields  []string
	CSVSafe bool
	// Columns are those of tables and CSV, nil for the list's own. Sort are the columns to sort records by, and Limit is
	// how many to write at most, 0 for all.
	Columns, Sort []string
	Limit         int
	// Color is when tables have colors, and UTC has their times in UTC and not in local time.
	Color colorMode
	UTC   bool
	// Quiet leaves out messages and progress, but no errors.
	Quiet bool
	// Store is the flag, quoted for a shell, without which the commands in messages would look elsewhere; "" for none.
	Store string

	// bar is the last progress bar that began; nil for none.
	bar atomic.Pointer[progress.Bar]
	// pager is the command line of what shows long tables; nil for none.
	pager []string
	// jq and template are expressions about records, and query is the one that is asked for; nil without. Context is the
	// command's.
	jq, template string
	query        query.Query
	context      context.Context //nolint:containedctx // it ends an expression that has no end
}

// New returns the IO of a program, with data shown as tables.
func New(in io.Reader, out, err io.Writer, getenv cli.Getenv) *IO {
	return &IO{In: in, Out: out, Err: err, Getenv: getenv, Format: render.Table, Color: colorAuto}
}
