package terminal_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/terminal"
	"havip/tasks"
	"havip/test/commandtest"
)

var errAway = errors.New("away")

// counted yields results with the lines from 1 to n, and counts how many are read.
func counted(n int, read *int, end error) iter.Seq2[tasks.Result, error] {
	return func(yield func(tasks.Result, error) bool) {
		for i := 1; i <= n; i++ {
			*read = i
			if !yield(tasks.Result{Key: fmt.Sprint("k", i), Line: i}, nil) {
				return
			}
		}
		if end != nil {
			yield(tasks.Result{}, end)
		}
	}
}

func newIO(format render.Format) (*terminal.IO, *bytes.Buffer) {
	var out bytes.Buffer
	t := terminal.New(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" })
	t.Format = format
	return t, &out
}

// A limit ends the reading; only an order needs all records.
func TestLimitStreams(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]struct {
		read  int
		lines string
	}{"": {3, "line\n1\n2\n3\n"}, "-line": {100_000, "line\n100000\n99999\n99998\n"}, "line": {100_000, "line\n1\n2\n3\n"}} {
		io, out := newIO(render.CSV)
		io.Limit, io.Columns = 3, []string{"line"}
		if by != "" {
			io.Sort = []string{by}
		}
		read := 0
		n, err := terminal.Stream(io, render.Results(), counted(100_000, &read, nil))
		if err != nil || n != 3 || read != want.read || out.String() != want.lines {
			t.Errorf("sort %q: wrote %d after reading %d, %v: %q", by, n, read, err, out)
		}
	}
}

// What comes before an error of the records is shown.
func TestStreamFails(t *testing.T) {
	t.Parallel()
	for _, format := range []render.Format{render.Table, render.NDJSON, render.CSV} {
		io, out := newIO(format)
		read := 0
		n, err := terminal.Stream(io, render.Results(), counted(2, &read, errAway))
		if !errors.Is(err, errAway) || n != 2 || !strings.Contains(out.String(), "k2") {
			t.Errorf("%s: %d, %v: %q", format, n, err, out)
		}
	}
}

func TestFollowIsAStream(t *testing.T) {
	t.Parallel()
	for name, io := range map[string]*terminal.IO{
		"json": {Format: render.JSON}, "sort": {Format: render.Table, Sort: []string{"key"}}, "limit": {Format: render.NDJSON, Limit: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			commandtest.WantCode(t, io.CanFollow(), cli.ExitUsage)
		})
	}
	if err := (&terminal.IO{Format: render.NDJSON}).CanFollow(); err != nil {
		t.Error(err)
	}
}
