package terminal

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"havip/internal/cli"
	"havip/internal/render"
)

// Writer returns a writer of records to stdout, in the format that is asked for, as they come: for commands that
// follow something. Others use [Stream] or [Print].
func Writer[R any](t *IO, list render.List[R]) render.Writer[R] {
	style := t.style()
	style.Follow = true
	return writer(t, list, t.Data(), style)
}

func writer[R any](t *IO, list render.List[R], w io.Writer, style render.Style) render.Writer[R] {
	if t.query != nil {
		return &queryWriter[R]{query: t.query, fields: t.Fields, ctx: t.context, w: w, each: t.Format == render.NDJSON}
	}
	return list.Writer(w, style)
}

// CanFollow refuses what makes no sense for a stream of records.
func (t *IO) CanFollow() error {
	switch {
	case t.Format == render.JSON:
		return cli.Failf(cli.ExitUsage, "--follow: a JSON array would never be complete; use -o ndjson")
	case len(t.Sort) > 0, t.Limit > 0:
		return cli.Failf(cli.ExitUsage, "--follow: records are written at once, so --sort and --limit cannot be used")
	}
	return nil
}

func (t *IO) style() render.Style {
	zone := time.UTC
	if !t.UTC {
		zone = render.Zone(time.Local, time.Now())
	}
	return render.Style{
		Format: t.Format, Fields: t.Fields, Columns: t.Columns, Guarded: t.CSVSafe, Width: t.Width(), Zone: zone, Colors: t.colors(),
	}
}

// Print writes the records to stdout.
func Print[R any](t *IO, list render.List[R], records []R) error {
	_, err := Stream(t, list, func(yield func(R, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	})
	return err
}

// Stream writes records to stdout, in the format, order and number that are asked for, and returns how many.
// Without --sort they are written as they come, and no more than --limit are read. After an error of the
// records, what was written before it is complete.
func Stream[R any](t *IO, list render.List[R], records iter.Seq2[R, error]) (n int, err error) {
	if len(t.Sort) > 0 {
		records = sorted(records, list.Order(t.Sort), t.Limit)
	}
	err = t.paged(func(w io.Writer) (err error) {
		n, err = stream(writer(t, list, w, t.style()), records, t.Limit)
		return err
	})
	return n, err
}

// stream writes no more records than the limit, if there is one, and returns how many.
func stream[R any](out render.Writer[R], records iter.Seq2[R, error], limit int) (n int, err error) {
	for r, err := range records {
		if err != nil {
			return n, errors.Join(out.Flush(), err)
		}
		if err := out.Write(r); err != nil {
			return n, fmt.Errorf("write to stdout: %w", err)
		}
		if n++; n == limit {
			break
		}
	}
	return n, out.Close()
}

// sorted yields records in order, when all of them are read. With a limit it keeps no more than twice as many.
func sorted[R any](records iter.Seq2[R, error], order func(a, b R) int, limit int) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var kept []R
		for r, err := range records {
			if err != nil {
				yield(r, err)
				return
			}
			if kept = append(kept, r); limit > 0 && len(kept) >= 2*limit {
				slices.SortStableFunc(kept, order)
				kept = kept[:limit]
			}
		}
		slices.SortStableFunc(kept, order)
		for _, r := range kept {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Data is where the output's format is written to.
func (t *IO) Data() io.Writer {
	if t.Format.Tabular() || !cli.IsTerminal(t.Out) {
		return t.Out // a table makes its own cells printable
	}
	if t.query != nil {
		return render.TextForTerminal(t.Out)
	}
	return render.ForTerminal(t.Out, t.Format)
}

// Width is the width of a terminal that stdout is, in cells, and else 0.
func (t *IO) Width() int { return cli.TerminalWidth(t.Out, 0) }

// Headline writes a line that sums a list up: above a table it is data, and otherwise a message.
func (t *IO) Headline(text string) error {
	if !t.Format.Tabular() {
		t.Infof("%s", text)
		return nil
	}
	_, err := fmt.Fprintln(t.Out, text)
	return err
}
