package delete

import (
	"errors"
	"testing"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/ledger"
	"havip/test/commandtest"
)

// accepting takes the Redis of these tests, which reports nothing about its persistence.
var accepting = durability.Verifier{AllowVolatile: true, AllowUnverified: true}

// A batch with unfinished items keeps its record, and without a terminal a record is deleted only with --yes.
func TestDelete(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1")
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{durable: accepting, batch: "b"}), cli.ExitUsage)
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{durable: accepting, batch: "b", yes: true}), cli.ExitPending)
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{durable: accepting, batch: "none", yes: true}), cli.ExitUsage)
	f.Cancel(t, "b")
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{durable: accepting, batch: "b", dryRun: true}), cli.ExitOK)
	if _, err := f.Session.Ledger.Batch(t.Context(), "b"); err != nil {
		t.Errorf("after the dry run: %v", err)
	}
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{durable: accepting, batch: "b", yes: true}), cli.ExitOK)
	var missing *ledger.BatchNotFoundError
	if _, err := f.Session.Ledger.Batch(t.Context(), "b"); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}
