package intake

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/internal/plan"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/tasks"
)

// savedFor returns an opened plan with this header.
func savedFor(t *testing.T, h plan.Header, rows ...plan.Row) *savedPlan {
	t.Helper()
	path := filepath.Join(t.TempDir(), "saved")
	w, err := plan.Save(path, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		row.Item.Account, row.Item.Region, row.Item.Request.Name, row.Item.Request.SubnetID = "default", "bj", "web-1", "sbn-1"
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	file, err := plan.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &savedPlan{File: file}
}

// A plan's comparison with BCE becomes old; its comparison with the ledger is checked.
func TestAgeOfAPlan(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	header := plan.Header{Batch: "spring sale", MadeAt: made, MadeBy: "li\x1b[0m@host", Region: "gz", Source: plan.Source{Name: "a.csv", Path: "/a.csv"}}
	live := header
	live.Live = true
	for name, test := range map[string]struct {
		header plan.Header
		age    time.Duration
		want   string
	}{
		"of the ledger alone": {header, 30 * time.Hour, "plan PLAN was made 30h ago by li�[0m@host\n"},
		"live, and fresh":     {live, 59 * time.Minute, "plan PLAN was made 59m ago by li�[0m@host\naccording to BCE at that time, 1 row would fail\n"},
		"live, and old": {live, 3 * time.Hour, "plan PLAN was made 3h ago by li�[0m@host\naccording to BCE at that time, 1 row would fail\n" +
			"warning: its comparison with BCE is old; plan again with `enqueue plan a.csv --batch 'spring sale' --region gz --live --out PLAN`\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var messages strings.Builder
			p := savedFor(t, test.header, plan.Row{Row: tasks.Row{Line: 2, Item: tasks.Item{Key: "web-1"}}, Action: plan.Create, Concern: plan.Concern{Kind: plan.WouldFail, Why: "no address"}})
			p.reportAge(&session.Factory{IO: &terminal.IO{Err: &messages}}, made.Add(test.age))
			if diff := cmp.Diff(test.want, strings.ReplaceAll(messages.String(), shell.Quote(p.Name()), "PLAN")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
