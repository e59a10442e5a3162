package status

import (
	"testing"

	"havip/internal/cli"
	"havip/test/commandtest"
)

// Without a name, batches that are done are left out.
func TestStatus(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Serve(t)
	f.Enqueue(t, "open", "web-1")
	f.Enqueue(t, "done", "web-1")
	f.Cancel(t, "done")
	for name, want := range map[string]struct{ batch, phase string }{"": {"open", "running"}, "open": {"open", "running"}, "done": {"done", "done"}} {
		rows := f.JSON(t, func() error { return run(t.Context(), f.Factory, name) })
		if len(rows) != 1 || rows[0]["batch"] != want.batch || rows[0]["phase"] != want.phase || rows[0]["total"] != 1.0 {
			t.Errorf("%q: got %v", name, rows)
		}
	}
	commandtest.WantCode(t, run(t.Context(), f.Factory, "none"), cli.ExitUsage)
}
