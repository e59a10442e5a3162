package bulk

import (
	"testing"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/ledger"
	"havip/test/commandtest"
)

// accepting takes the Redis of these tests, which reports nothing about its persistence.
var accepting = durability.Verifier{AllowVolatile: true, AllowUnverified: true}

// Cancel asks for --yes without a terminal, changes nothing with --dry-run, and then only what is chosen.
func TestCancel(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1", "web-2")
	canceled := func() int64 {
		b, err := f.Session.Ledger.Batch(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		return b.Counts[ledger.Canceled]
	}
	commandtest.WantCode(t, cancel(f.Factory, options{durable: accepting, batch: "b"}).run(t.Context()), cli.ExitUsage)
	commandtest.WantCode(t, cancel(f.Factory, options{durable: accepting, batch: "b", yes: true, where: []string{"color=red"}}).run(t.Context()), cli.ExitUsage)
	commandtest.WantCode(t, cancel(f.Factory, options{durable: accepting, batch: "none", yes: true}).run(t.Context()), cli.ExitUsage)
	rows := f.JSON(t, cancel(f.Factory, options{durable: accepting, batch: "b", dryRun: true}).runWith(t))
	if len(rows) != 1 || rows[0]["action"] != "cancel" || rows[0]["items"] != 2.0 || canceled() != 0 {
		t.Errorf("dry run: %v, %d canceled", rows, canceled())
	}
	f.JSON(t, cancel(f.Factory, options{durable: accepting, batch: "b", yes: true, where: []string{"key=web-1"}}).runWith(t))
	if canceled() != 1 {
		t.Errorf("%d canceled", canceled())
	}
}

func (v operation) runWith(t *testing.T) func() error {
	t.Helper()
	return func() error { return v.run(t.Context()) }
}
