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
		Row: tasks.Row{Line: line, Item: tasks.Item{
			Key: "web-1", Account: "default", Region: "bj", Request: tasks.Request{Name: "vip-1", SubnetID: "sbn-1"},
		}},
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
	free, rps, seconds := 1, 5.0, 0.2
	if err := w.close(end{counts: counts, lanes: []intake.Lane{{
		Account: "default", Region: "bj", Enqueue: 1, Endpoint: "http://127.0.0.1:1", Simulator: true, RPS: &rps, Seconds: &seconds,
	}}, demands: []plan.Demand{{Account: "default", Region: "bj", SubnetID: "sbn-1", Exists: true, Wanted: n, Free: &free}}}); err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String()
}

const (
	head          = "line,key,kind,why,action,name,subnetId,privateIpAddress,account,region\n"
	attentionJSON = `{"line":2,"key":"web-1","kind":"fail","why":"no \u001b[31maddress"}`
	rowJSON       = `{"line":2,"key":"web-1","kind":"fail","why":"no \u001b[31maddress","action":"create",` +
		`"name":"vip-1","subnetId":"sbn-1","privateIpAddress":"","account":"default","region":"bj"}`
	lanesJSON   = `"lanes":[{"account":"default","region":"bj","enqueue":1,"endpoint":"http://127.0.0.1:1","simulator":true,"rps":5,"seconds":0.2,"served":false,"stopped":""}]`
	countsJSON  = `"create":0,"requeue":0,"running":0,"done":0,"failed":0,"canceled":0,"deleted":0,"duplicates":0,"conflicts":0,"adopt":0,"fail":1,"enqueue":1,"warnings":0`
	subnetsJSON = `"subnets":[{"account":"default","region":"bj","subnetId":"sbn-1","exists":true,"wanted":1,"free":1}]`
)

func TestPlanFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[render.Format]string{
		render.Table: "+  vip-1 (web-1)  sbn-1  automatic  default/bj\n" +
			"lane default/bj: 1 HaVIP in the SIMULATOR at http://127.0.0.1:1, 5 requests a second, about 1s\n" +
			"line 2: \"web-1\": no \ufffd[31maddress\nPlan: 0 to create, 1 that would fail\n",
		render.JSON:   `{"rows":[` + rowJSON + "\n]," + `"attention":[` + attentionJSON + "\n]," + countsJSON + "," + lanesJSON + "," + subnetsJSON + "}\n",
		render.NDJSON: rowJSON + "\n" + `{"counts":{` + countsJSON + "}," + lanesJSON + "," + subnetsJSON + "}\n",
		render.CSV:    head + "2,web-1,fail,no \x1b[31maddress,create,vip-1,sbn-1,,default,bj\n",
	} {
		if diff := cmp.Diff(want, first(shown(t, format, 1))); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
	if got := first(shown(t, render.JSON, 0)); !strings.HasPrefix(got, `{"rows":[],"attention":[],"create":0,`) {
		t.Errorf("nothing needs attention: %s", got)
	}
	if got := first(shown(t, render.CSV, 0)); got != head {
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
	if err := w.close(end{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"'=1+1"`) {
		t.Error(out.String())
	}
}

// People are shown the first rows; data has them all.
func TestPlanBoundsWhatItShows(t *testing.T) {
	t.Parallel()
	const n = 3 * maxShown
	out, talk := shown(t, render.Table, n)
	if lines := strings.Count(out, "\n"); lines != maxShown+4 || !strings.Contains(out, "… and 100 more; -o ndjson lists all") ||
		!strings.Contains(out, "\nlines 2-151: 150 rows: no ") {
		t.Errorf("%d lines: %s", lines, out)
	}
	if want := "subnet sbn-1 of lane default/bj: 150 addresses needed, 1 free\n"; talk != want {
		t.Errorf("got %q, want %q", talk, want)
	}
	for _, format := range []render.Format{render.JSON, render.NDJSON, render.CSV} {
		if got := strings.Count(first(shown(t, format, n)), "vip-1"); got != n {
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
