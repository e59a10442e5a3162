package terminal

import (
	"fmt"
	"io"

	"havip/internal/cli"
	"havip/internal/render"
)

// Writer returns a writer of records to stdout, in the format that is asked for.
func Writer[R any](t *IO, list render.List[R]) render.Writer[R] {
	return list.Writer(t.Data(), render.Style{Format: t.Format, Fields: t.Fields, Guarded: t.CSVSafe, Width: t.Width()})
}

// Print writes all of the records to stdout.
func Print[R any](t *IO, list render.List[R], records []R) error {
	w := Writer(t, list)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			return err
		}
	}
	return w.Close()
}

// Data is where the output's format is written to.
func (t *IO) Data() io.Writer {
	if t.Format == render.Table || !cli.IsTerminal(t.Out) {
		return t.Out // a table makes its own cells printable
	}
	return render.ForTerminal(t.Out, t.Format)
}

// Width is the width of a terminal that stdout is, in cells, and else 0.
func (t *IO) Width() int { return cli.TerminalWidth(t.Out, 0) }

// Headline writes a line that sums a list up: above a table it is data, and otherwise a message.
func (t *IO) Headline(text string) error {
	if t.Format != render.Table {
		t.Infof("%s", text)
		return nil
	}
	_, err := fmt.Fprintln(t.Out, text)
	return err
}
