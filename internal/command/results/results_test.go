package results

import (
	"testing"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/report"
	"havip/test/commandtest"
)

func TestResults(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1", "web-2")
	show := func(states ...string) func() error {
		return func() error {
			return run(t.Context(), f.Factory, options{batch: "b", filter: report.Filter{States: states}})
		}
	}
	if rows := f.JSON(t, show()); len(rows) != 2 || rows[1]["key"] != "web-2" || rows[1]["state"] != "queued" {
		t.Errorf("got %v", rows)
	}
	if rows := f.JSON(t, show("rejected")); len(rows) != 0 {
		t.Errorf("rejected: %v", rows)
	}
	commandtest.WantCode(t, show("refused")(), cli.ExitUsage)
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{batch: "none"}), cli.ExitUsage)
	f.Format, f.Fields = render.CSV, []string{"key", "attemptLog"}
	commandtest.WantCode(t, show()(), cli.ExitUsage)
}
