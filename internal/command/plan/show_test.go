package plan

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/internal/cli"
	"havip/internal/intake"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/terminal"
	"havip/tasks"
)

// wanting is a row that needs attention.
func wanting(line int) plan.Row {
	return plan.Row{
		Row:     tasks.Row{Line: line, Item: tasks.Item{Key: "web-1"}},
		Action:  plan.Create,
		Concern: plan.Concern{Kind: plan.WouldFail, Why: "no \x1b[31maddress"},
	}
}

// shown is a plan of n rows that need attention, as a format shows it.
func shown(t *testing.T, format render.Format, n int) (out, talk string) {
	t.Helper()
	var stdout, stderr strings.Builder
	w := newWriter(&terminal.IO{Out: &stdout, Err: &stderr, Format: format})
	var counts plan.Counts
	for line := range n {
		counts.Add(wanting(line + 2))
		if err := w.row(wanting(line + 2)); err != nil {
			t.Fatal(err)
		}
	}
	free := 1
	if err := w.close(counts, []plan.Demand{{Account: "default", Region: "bj", SubnetID: "sbn-1", Exists: true, Wanted: n, Free: &free}}); err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String()
}

const (
	rowJSON     = `{"line":2,"key":"web-1","kind":"fail","why":"no \u001b[31maddress"}`
	countsJSON  = `"create":0,"requeue":0,"running":0,"done":0,"failed":0,"canceled":0,"deleted":0,"duplicates":0,"conflicts":0,"adopt":0,"fail":1,"enqueue":1,"warnings":0`
	subnetsJSON = `"subnets":[{"account":"default","region":"bj","subnetId":"sbn-1","exists":true,"wanted":1,"free":1}]`
)

func TestPlanFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[render.Format]string{
		render.Table:  "Plan: 0 to create, 1 that would fail\n  line 2: \"web-1\": no \ufffd[31maddress\n",
		render.JSON:   `{"attention":[` + rowJSON + "\n]," + countsJSON + "," + subnetsJSON + "}\n",
		render.NDJSON: rowJSON + "\n" + `{"counts":{` + countsJSON + "}," + subnetsJSON + "}\n",
		render.CSV:    "line,key,kind,why\n2,web-1,fail,no \x1b[31maddress\n",
	} {
		if diff := cmp.Diff(want, first(shown(t, format, 1))); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
	if got := first(shown(t, render.JSON, 0)); !strings.HasPrefix(got, `{"attention":[],"create":0,`) {
		t.Errorf("nothing needs attention: %s", got)
	}
	if got := first(shown(t, render.CSV, 0)); got != "line,key,kind,why\n" {
		t.Errorf("nothing needs attention: %s", got)
	}
}

func first(text, _ string) string { return text }

// CSV for a spreadsheet has no formula in it.
func TestPlanCSVSafe(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := newWriter(&terminal.IO{Out: &out, Err: io.Discard, Format: render.CSV, CSVSafe: true})
	row := wanting(2)
	row.Item.Key = "=1+1"
	if err := w.row(row); err != nil {
		t.Fatal(err)
	}
	if err := w.close(plan.Counts{}, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"'=1+1"`) {
		t.Error(out.String())
	}
}

// People are shown the first rows; data has them all.
func TestPlanBoundsWhatItShows(t *testing.T) {
	t.Parallel()
	const n = 3 * intake.MaxAttention
	out, talk := shown(t, render.Table, n)
	if lines := strings.Count(out, "\n"); lines != 1+intake.MaxAttention+1 || !strings.Contains(out, "… and 100 more; -o ndjson lists all") {
		t.Errorf("%d lines: %s", lines, out)
	}
	if want := "subnet sbn-1 of lane default/bj: 150 addresses wanted, 1 free\n"; talk != want {
		t.Errorf("got %q, want %q", talk, want)
	}
	for _, format := range []render.Format{render.JSON, render.NDJSON, render.CSV} {
		if got := strings.Count(first(shown(t, format, n)), "web-1"); got != n {
			t.Errorf("%s: %d rows", format, got)
		}
	}
}

func TestDetailedExitCode(t *testing.T) {
	t.Parallel()
	for want, got := range map[cli.ExitCode]error{
		0: detail(plan.Counts{Done: 3}, nil),
		1: detail(plan.Counts{}, cli.Failf(cli.ExitNetwork, "no redis")),
		2: detail(plan.Counts{Fail: 1, Enqueue: 1}, nil),
	} {
		if cli.CodeOf(got) != want {
			t.Errorf("got %d, want %d", cli.CodeOf(got), want)
		}
	}
}
