//go:build unix

package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// sound is what is seen of a run in which all is well: an automatic address, a fixed one, a lookup's
// find, and a refusal that the suite had asked for.
func sound() Observations {
	rows := []Row{
		{"b", 2, "k0", "vip-0", "sbn-a", "", "bj", ""},
		{"b", 3, "k1", "vip-1", "sbn-a", "192.168.0.1", "bj", ""},
		{"b", 4, "k2", "vip-2", "sbn-b", "", "gz", "mine"},
		{"b", 5, "k3", "vip-3", "sbn-b", "", "gz", ""},
	}
	made := []Made{
		{HaVIPID: "havip-0", Name: "vip-0", SubnetID: "sbn-a", Address: "10.0.0.1", ClientToken: "t0"},
		{HaVIPID: "havip-1", Name: "vip-1", SubnetID: "sbn-a", Address: "192.168.0.1", ClientToken: "t1"},
		{HaVIPID: "havip-2", Name: "vip-2", SubnetID: "sbn-b", Address: "10.0.0.2", ClientToken: "mine"},
	}
	seen := Observations{Rows: rows, Made: made, Workers: 2}
	for i, row := range rows {
		r := Result{
			Batch: row.Batch, Key: row.Key, Line: row.Line, State: "created", Name: row.Name, SubnetID: row.Subnet,
			Region: row.Region, Address: row.Address, ClientToken: "t3",
		}
		if i < len(made) {
			r.HaVIPID, r.Address, r.ClientToken = made[i].HaVIPID, made[i].Address, made[i].ClientToken
			seen.Calls = append(seen.Calls, Call{Operation: "create", ClientToken: r.ClientToken, BodySHA256: row.Key})
			seen.Sends = append(seen.Sends, send(i, r.ClientToken, 0, 1))
		}
		seen.Results = append(seen.Results, r)
	}
	seen.Results[2].State = "adopted"
	seen.Results[3].State, seen.Results[3].Code = "rejected", RefusedCode
	return seen
}

func send(worker int, token string, from, until int) Send {
	return Send{Worker: worker, Token: token, From: at(from), Until: at(until)}
}

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }

// TestEvaluate: correct observations give no finding, and each kind of error gives its own.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	if findings := Evaluate(sound()); len(findings) > 0 {
		t.Fatalf("what is right is called wrong: %v", findings)
	}
	for name, test := range map[string]struct {
		spoil func(*Observations)
		want  []Fact
	}{
		"nothing exists":            {func(seen *Observations) { seen.Made = seen.Made[1:] }, []Fact{Missing}},
		"the item is not known":     {func(seen *Observations) { seen.Results = seen.Results[:3] }, []Fact{Missing}},
		"known to nobody but BCE":   {func(seen *Observations) { seen.Results = seen.Results[1:] }, []Fact{Missing, Unrecorded}},
		"another code than asked":   {func(seen *Observations) { seen.Results[3].Code = "RetriesExhausted" }, []Fact{Missing}},
		"a second one":              {func(seen *Observations) { seen.Made = append(seen.Made, twin(seen.Made[0])) }, []Fact{Duplicated}},
		"of no row":                 {func(seen *Observations) { seen.Made = append(seen.Made, Made{Name: "vip-9", SubnetID: "sbn-a"}) }, []Fact{Unrecorded}},
		"of no row, in the results": {func(seen *Observations) { seen.Results = append(seen.Results, Result{Key: "k9"}) }, []Fact{Wrong}},
		"rejected, and exists":      {func(seen *Observations) { seen.Results[0].State = "rejected" }, []Fact{Wrong, Unrecorded}},
		"another's":                 {func(seen *Observations) { seen.Results[0].HaVIPID = "havip-1" }, []Fact{Wrong, Unrecorded}},
		"not of this ID":            {func(seen *Observations) { seen.Results[0].HaVIPID = "" }, []Fact{Wrong, Unrecorded}},
		"another address":           {func(seen *Observations) { seen.Results[0].Address = "10.9.9.9" }, []Fact{Wrong}},
		"not the address wanted": {func(seen *Observations) {
			seen.Results[1].Address, seen.Made[1].Address = "192.168.9.9", "192.168.9.9"
		}, []Fact{Wrong}},
		"another line":                   {func(seen *Observations) { seen.Results[1].Line = 9 }, []Fact{Wrong}},
		"another token":                  {func(seen *Observations) { seen.Results[1].ClientToken = "t9" }, []Fact{Wrong}},
		"twice in the results":           {func(seen *Observations) { seen.Results = append(seen.Results, seen.Results[0]) }, []Fact{Wrong}},
		"review":                         {func(seen *Observations) { seen.Results[0].State = "review" }, []Fact{InReview}},
		"pending":                        {func(seen *Observations) { seen.Results[0].State = "unknown" }, []Fact{Pending}},
		"no address learned":             {func(seen *Observations) { seen.Results[0].Address = "" }, []Fact{NoAddress}},
		"counted without token":          {func(seen *Observations) { seen.WithoutToken = 1 }, []Fact{WithoutToken}},
		"sent without token":             {func(seen *Observations) { seen.Sends[0].Token = "" }, []Fact{WithoutToken}},
		"a worker that refuses to serve": {func(seen *Observations) { seen.Workers = 4 }, []Fact{Idle}},
		"another body": {func(seen *Observations) {
			seen.Calls = append(seen.Calls, Call{Operation: "create", ClientToken: "t0", BodySHA256: "other"})
		}, []Fact{Changed}},
		"at once": {func(seen *Observations) {
			seen.Sends = []Send{send(0, "t0", 0, 9), send(1, "t0", 5, 6)}
		}, []Fact{Overlapping}},
		"at once, as only the simulator saw": {func(seen *Observations) { seen.LiveOverlaps = 1 }, []Fact{Overlapping}},
		"at once, one of them stopped": {func(seen *Observations) {
			seen.Sends = []Send{send(0, "t0", 0, 9), send(1, "t0", 5, 6)}
			seen.Stops = []Stop{{Worker: 0, From: at(1), Until: at(8)}}
		}, []Fact{WhileStopped}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := sound()
			test.spoil(&seen)
			var got []Fact
			for _, f := range Evaluate(seen) {
				got = append(got, f.Fact)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func twin(m Made) Made {
	m.HaVIPID += "-twin"
	return m
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, fact := range violations {
		if got := exitOf([]Finding{{Fact: Pending}, {Fact: fact}}); got != exitViolation {
			t.Errorf("%s: exit code %d, want %d", fact, got, exitViolation)
		}
	}
	for fact, want := range map[Fact]int{Pending: exitPending, WhileStopped: exitOK, NoAddress: exitOK} {
		if got := exitOf([]Finding{{Fact: fact}}); got != want {
			t.Errorf("%s: exit code %d, want %d", fact, got, want)
		}
	}
}

// TestReport: an item is reported with its attempts and the calls under each of its tokens.
func TestReport(t *testing.T) {
	t.Parallel()
	seen := sound()
	seen.Made = append(seen.Made, twin(seen.Made[0]))
	seen.Made[3].ClientToken = "t0-next"
	seen.Calls = append(seen.Calls, Call{Number: 77, Operation: "create", ClientToken: "t0-next", BodySHA256: "k0"})
	seen.Results[0].Log = []Attempt{{Number: 4, Class: "unknown"}}
	findings := Evaluate(seen)
	var text strings.Builder
	report(&text, seen, findings)
	for _, want := range []string{"duplicated: k0", "havip-0-twin", "attempt 4", "unknown", "call 77"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in the report:\n%s", want, text.String())
		}
	}
	const line = "verdict: 4 items: missing 0, duplicated 1, unrecorded 0, wrongly recorded 0, without-token 0, overlapping 0, " +
		"changed 0, in review 0, disagreeing 0, crashed 0, idle worker 0, not resumed 0, lost 0; pending 0, overlapping while stopped 0, without address 0"
	if got := verdictLine(4, findings); got != line {
		t.Errorf("verdict\n got %s\nwant %s", got, line)
	}
}
