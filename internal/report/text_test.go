package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
)

func TestAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-time.Second: "0s ago", 59 * time.Second: "59s ago", time.Minute: "1m ago", 47 * time.Hour: "47h ago", 48 * time.Hour: "2d ago",
	} {
		if got := Ago(ledger.Millis(now.Add(-d).UnixMilli()), now); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
	if got := Ago(0, now); got != "-" {
		t.Errorf("never: got %s", got)
	}
}

func TestPhase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		batch      ledger.Batch
	}{
		{"producer not finished", "incomplete", ledger.Batch{Total: 1}},
		{"open", "running", ledger.Batch{CommittedAt: 1, Total: 2, Counts: map[ledger.State]int64{ledger.Created: 1, ledger.Queued: 1}}},
		{"all well", "done", ledger.Batch{CommittedAt: 1, Total: 2, Counts: map[ledger.State]int64{ledger.Created: 1, ledger.Adopted: 1}}},
		{"one in review", "done, with failures", ledger.Batch{CommittedAt: 1, Total: 2, Counts: map[ledger.State]int64{ledger.Created: 1, ledger.Review: 1}}},
		{"canceled is no failure", "done", ledger.Batch{CommittedAt: 1, Total: 1, Counts: map[ledger.State]int64{ledger.Canceled: 1}}},
	}
	for _, test := range tests {
		if got := Phase(test.batch); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	if got := Counts(tests[1].batch); got != "1 queued, 1 created" {
		t.Errorf("counts: %q", got)
	}
}

// Items that are created and not confirmed are open, so they are counted apart.
func TestCountsOfUnconfirmed(t *testing.T) {
	t.Parallel()
	created := ledger.Batch{Counts: map[ledger.State]int64{ledger.Created: 34, ledger.Rejected: 1, ledger.Queued: 5}, Unconfirmed: 16}
	both := ledger.Batch{Counts: map[ledger.State]int64{ledger.Created: 34, ledger.Adopted: 2}, Unconfirmed: 16}
	for got, want := range map[string]string{
		Counts(created):        "5 queued, 34 created (16 not confirmed), 1 rejected",
		ProblemsFirst(created): "1 rejected, 5 queued, 34 created (16 not confirmed)",
		Counts(both):           "34 created, 2 adopted (16 of these not confirmed)",
		ProblemsFirst(both):    "34 created, 2 adopted (16 of these not confirmed)",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The last answer repeats nothing.
func TestLastAnswer(t *testing.T) {
	t.Parallel()
	for want, rec := range map[string]ledger.Record{
		"create havip: not sent: connection refused":   {Class: "not-sent", Message: "create havip: not sent: connection refused"},
		"SubnetFull: no room":                          {Class: "lane-fault", Code: "SubnetFull", Message: "no room"},
		"unknown":                                      {Class: "unknown"},
		"X: " + strings.Repeat("m", maxReason-1) + "…": {Code: "X", Message: strings.Repeat("m", 2*maxReason)},
	} {
		if diff := cmp.Diff(want, LastAnswer(rec)); diff != "" {
			t.Error(diff)
		}
	}
}
