package render

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // machines may have no time zones

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
	"havip/tasks"
)

// Every column is a field of the JSON or says that it repeats others, and those that a table names exist.
func TestResultColumns(t *testing.T) {
	t.Parallel()
	list, fields := Results(), Fields[Result]()
	for _, c := range list.Columns {
		if c.Derived == slices.Contains(fields, c.Name) {
			t.Errorf("column %s: derived %t, among the fields %t", c.Name, c.Derived, !c.Derived)
		}
	}
	for _, name := range slices.Concat(list.Table, list.Wide, list.Dispensable, list.Folded) {
		if !slices.Contains(list.Names(), name) {
			t.Errorf("no column %s", name)
		}
	}
}

func TestChosenColumns(t *testing.T) {
	t.Parallel()
	for format, want := range map[Format]string{
		CSV:   "line,createdAt\n2,2026-11-23T08:49:49.462Z\n",
		Table: "LINE  CREATED (+08:00)\n2     2026-11-23 16:49:49\n",
	} {
		style := Style{Format: format, Columns: []string{"line", "createdAt"}, Zone: time.FixedZone("+08:00", 8*60*60)}
		if diff := cmp.Diff(want, writeList(t, Results(), style, sample(t))); diff != "" {
			t.Error(diff)
		}
	}
	if got := write(t, Wide, 20, sample(t)); strings.Count(got, "\n") != 2 || !strings.Contains(got, "r-1") || !strings.Contains(got, "default/bj") {
		t.Errorf("a wide table is fitted to the terminal, or lacks columns: %q", got)
	}
}

func TestColors(t *testing.T) {
	t.Parallel()
	style := Style{Format: Table, Columns: []string{"state", "key"}, Colors: true}
	want := "STATE    KEY\n\x1b[32mcreated\x1b[0m  web-1\n"
	if diff := cmp.Diff(want, writeList(t, Results(), style, sample(t))); diff != "" {
		t.Error(diff)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	results := []Result{
		{Key: "a", PrivateIPAddress: "10.0.0.10", Line: 3, CreatedAt: tasks.TimestampOf(2), State: ledger.Created},
		{Key: "b", PrivateIPAddress: "10.0.0.9", Line: 11, CreatedAt: tasks.TimestampOf(3), State: ledger.Created},
		{Key: "c", Line: 2, CreatedAt: tasks.TimestampOf(1), State: ledger.Queued},
	}
	for by, want := range map[string]string{
		"key": "abc", "-key": "cba", "line": "cab", "-line": "bac", "privateIpAddress": "cba", "createdAt": "cab", "-state,key": "cab", "state,-line": "bac",
	} {
		sorted := slices.SortedStableFunc(slices.Values(results), Results().Order(strings.Split(by, ",")))
		if got := sorted[0].Key + sorted[1].Key + sorted[2].Key; got != want {
			t.Errorf("%s: got %s, want %s", by, got, want)
		}
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, zone := range map[string]*time.Location{
		"+01:00": Zone(berlin, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		"+02:00": Zone(berlin, time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)),
		"UTC":    Zone(time.UTC, time.Now()),
	} {
		if zone.String() != name {
			t.Errorf("got %s, want %s", zone, name)
		}
	}
}
