package main

import (
	"strings"
	"testing"

	"havip/internal/cli"
	"havip/ledger"
	"havip/tasks"
)

// compared is a row as the ledger judges it.
func compared(line int, verdict ledger.Verdict, state ledger.State) tasks.Comparison {
	item := tasks.Item{Key: "web-1", Account: "default", Region: "bj", Request: tasks.Request{Name: "web-1", SubnetID: "sbn-2"}}
	c := tasks.Comparison{Row: tasks.Row{Line: line, Item: item}, Registration: ledger.Registration{Verdict: verdict, State: state}}
	if verdict == ledger.Conflict {
		c.Existing = &ledger.Spec{Key: "web-1", Account: "default", Region: "bj", Body: `{"name":"web-1","subnetId":"sbn-1","privateIpAddress":""}`}
	}
	return c
}

func TestPlan(t *testing.T) {
	t.Parallel()
	var p plan
	for i, c := range []tasks.Comparison{
		compared(2, ledger.Added, ledger.Queued),
		compared(3, ledger.Repair, ledger.Queued),
		compared(4, ledger.Same, ledger.Sending),
		compared(5, ledger.Same, ledger.Created),
		compared(6, ledger.Same, ledger.Adopted),
		compared(7, ledger.Same, ledger.Rejected),
		compared(8, ledger.Same, ledger.Canceled),
		compared(8, ledger.Conflict, ledger.Created),
	} {
		if err := p.add(c); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	taken := compared(9, ledger.Conflict, ledger.Queued)
	taken.Existing, taken.TokenOwner = nil, &ledger.Owner{Batch: "b", Key: "k"}
	if err := p.add(taken); err != nil {
		t.Fatal(err)
	}
	if got, want := p.String(), "Plan: 1 to create, 1 to queue again, 1 under way, 2 already done, 1 failed before, 1 canceled before, 2 in conflict"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var why []string
	for _, row := range p.Attention {
		why = append(why, row.Why)
	}
	want := "rejected before; see `enqueue results`|" +
		"canceled before; `enqueue retry` takes it up again with --where state=canceled|" +
		`conflict: subnetId is "sbn-1" in the batch and "sbn-2" here|` +
		`conflict: clientToken "" belongs to item "k" of batch "b"`
	if got := strings.Join(why, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := p.refusal("f.csv"); cli.CodeOf(err) != cli.ExitInvalidInput || !strings.Contains(err.Error(), "2 rows conflict") {
		t.Errorf("refusal: %v", err)
	}
}

func TestPlanBoundsWhatItShows(t *testing.T) {
	t.Parallel()
	var p plan
	for line := range 3 * maxAttention {
		if err := p.add(compared(line, ledger.Conflict, ledger.Queued)); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.Attention) != maxAttention || p.Conflicts != 3*maxAttention {
		t.Errorf("%d rows of %d conflicts", len(p.Attention), p.Conflicts)
	}
}

func TestDetailedExitCode(t *testing.T) {
	t.Parallel()
	for want, got := range map[cli.ExitCode]error{
		0: detail(plan{Done: 3}, nil),
		1: detail(plan{}, cli.Failf(cli.ExitNetwork, "no redis")),
		2: detail(plan{Requeue: 1}, nil),
	} {
		if cli.CodeOf(got) != want {
			t.Errorf("got %d, want %d", cli.CodeOf(got), want)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]tally{
		"nothing to do; the item is known":                     {same: 1},
		"2 items enqueued":                                     {created: 2},
		"1 item enqueued, 1,000 queued again, 3 known already": {created: 1, requeued: 1000, same: 3},
		"0 items enqueued, 1 queued again":                     {requeued: 1},
	} {
		if got.String() != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
