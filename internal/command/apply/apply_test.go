package apply

import (
	"os"
	"path/filepath"
	"testing"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/intake"
	"havip/test/commandtest"
)

// accepting takes the Redis of these tests, which reports nothing about its persistence.
var accepting = durability.Verifier{AllowVolatile: true, AllowUnverified: true}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spring.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Applied again, a file enqueues nothing; changed, it is refused.
func TestApply(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	opts := options{path: write(t, "name,subnetId\nweb-1,sbn-1\nweb-2,sbn-1\n"), durable: accepting, show: true, yes: true}
	for range 2 {
		results := f.JSON(t, func() error { return run(t.Context(), f.Factory, opts) })
		if len(results) != 2 || results[0]["key"] != "web-1" || results[0]["state"] != "queued" || results[0]["batch"] != "spring" {
			t.Errorf("got %v", results)
		}
	}
	opts.path = write(t, "name,subnetId\nweb-1,sbn-2\nweb-3,sbn-1\n")
	commandtest.WantCode(t, run(t.Context(), f.Factory, opts), cli.ExitInvalidInput)
	if b, err := f.Session.Ledger.Batch(t.Context(), "spring"); err != nil || b.Total != 2 {
		t.Errorf("%d items, %v", b.Total, err)
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	good := write(t, "name,subnetId\nweb-1,sbn-1\n")
	for name, test := range map[string]struct {
		opts options
		want cli.ExitCode
	}{
		"a Redis that keeps nothing": {options{path: good}, cli.ExitConfig},
		"a file with faults":         {options{path: write(t, "name,subnetId\n1st,sbn-1\n")}, cli.ExitInvalidInput},
		"no file":                    {options{path: good + ".not"}, cli.ExitInvalidInput},
		"an unknown format":          {options{path: good, file: intake.Flags{Format: "xml"}}, cli.ExitUsage},
		"a name that no batch has":   {options{path: good, file: intake.Flags{Batch: "a\nb"}}, cli.ExitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			commandtest.WantCode(t, run(t.Context(), f.Factory, test.opts), test.want)
		})
	}
	if batches, err := f.Session.Ledger.Batches(t.Context()); err != nil || len(batches) != 0 {
		t.Errorf("%d batches, %v", len(batches), err)
	}
}
