//go:build unix

package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// sound is evidence of a run in which all is well: an automatic address, a fixed one, a lookup's
// find, and a refusal that the suite had asked for.
func sound() Evidence {
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
	e := Evidence{Rows: rows, Made: made}
	for i, row := range rows {
		r := Result{
			Batch: row.Batch, Key: row.Key, Line: row.Line, State: "created", Name: row.Name, SubnetID: row.Subnet,
			Region: row.Region, Address: row.Address, ClientToken: "t3",
		}
		if i < len(made) {
			r.HaVIPID, r.Address, r.ClientToken = made[i].HaVIPID, made[i].Address, made[i].ClientToken
			e.Calls = append(e.Calls, Call{Operation: "create", ClientToken: r.ClientToken, BodySHA256: row.Key})
			e.Sends = append(e.Sends, send(i, r.ClientToken, 0, 1))
		}
		e.Results = append(e.Results, r)
	}
	e.Results[2].State = "adopted"
	e.Results[3].State, e.Results[3].Code = "rejected", RefusedCode
	return e
}

func send(worker int, token string, from, until int) Send {
	return Send{Worker: worker, Token: token, From: at(from), Until: at(until)}
}

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }

// TestJudge holds the measure itself to account: it passes what is right, and finds what is wrong
// in any one way.
func TestJudge(t *testing.T) {
	t.Parallel()
	if findings := Judge(sound()); len(findings) > 0 {
		t.Fatalf("what is right is called wrong: %v", findings)
	}
	for name, test := range map[string]struct {
		spoil func(*Evidence)
		want  []Fact
	}{
		"nothing exists":            {func(e *Evidence) { e.Made = e.Made[1:] }, []Fact{Missing}},
		"the item is not known":     {func(e *Evidence) { e.Results = e.Results[:3] }, []Fact{Missing}},
		"known to nobody but BCE":   {func(e *Evidence) { e.Results = e.Results[1:] }, []Fact{Missing, Unrecorded}},
		"another code than asked":   {func(e *Evidence) { e.Results[3].Code = "RetriesExhausted" }, []Fact{Missing}},
		"a second one":              {func(e *Evidence) { e.Made = append(e.Made, twin(e.Made[0])) }, []Fact{Duplicated}},
		"of no row":                 {func(e *Evidence) { e.Made = append(e.Made, Made{Name: "vip-9", SubnetID: "sbn-a"}) }, []Fact{Unrecorded}},
		"of no row, in the results": {func(e *Evidence) { e.Results = append(e.Results, Result{Key: "k9"}) }, []Fact{Wrong}},
		"rejected, and exists":      {func(e *Evidence) { e.Results[0].State = "rejected" }, []Fact{Wrong, Unrecorded}},
		"another's":                 {func(e *Evidence) { e.Results[0].HaVIPID = "havip-1" }, []Fact{Wrong, Unrecorded}},
		"not of this ID":            {func(e *Evidence) { e.Results[0].HaVIPID = "" }, []Fact{Wrong, Unrecorded}},
		"another address":           {func(e *Evidence) { e.Results[0].Address = "10.9.9.9" }, []Fact{Wrong}},
		"not the address wanted": {func(e *Evidence) {
			e.Results[1].Address, e.Made[1].Address = "192.168.9.9", "192.168.9.9"
		}, []Fact{Wrong}},
		"another line":          {func(e *Evidence) { e.Results[1].Line = 9 }, []Fact{Wrong}},
		"another token":         {func(e *Evidence) { e.Results[1].ClientToken = "t9" }, []Fact{Wrong}},
		"twice in the results":  {func(e *Evidence) { e.Results = append(e.Results, e.Results[0]) }, []Fact{Wrong}},
		"review":                {func(e *Evidence) { e.Results[0].State = "review" }, []Fact{InReview}},
		"pending":               {func(e *Evidence) { e.Results[0].State = "unknown" }, []Fact{Pending}},
		"no address learnt":     {func(e *Evidence) { e.Results[0].Address = "" }, []Fact{NoAddress}},
		"counted without token": {func(e *Evidence) { e.WithoutToken = 1 }, []Fact{WithoutToken}},
		"sent without token":    {func(e *Evidence) { e.Sends[0].Token = "" }, []Fact{WithoutToken}},
		"another body": {func(e *Evidence) {
			e.Calls = append(e.Calls, Call{Operation: "create", ClientToken: "t0", BodySHA256: "other"})
		}, []Fact{Changed}},
		"at once": {func(e *Evidence) {
			e.Sends = []Send{send(0, "t0", 0, 9), send(1, "t0", 5, 6)}
		}, []Fact{Overlapping}},
		"at once, as only the simulator saw": {func(e *Evidence) { e.LiveOverlaps = 1 }, []Fact{Overlapping}},
		"at once, one of them stopped": {func(e *Evidence) {
			e.Sends = []Send{send(0, "t0", 0, 9), send(1, "t0", 5, 6)}
			e.Stops = []Stop{{Worker: 0, From: at(1), Until: at(8)}}
		}, []Fact{WhileStopped}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			test.spoil(&e)
			var got []Fact
			for _, f := range Judge(e) {
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

// TestReport: whoever reads of an item sees its attempts, and the calls under every token it had.
func TestReport(t *testing.T) {
	t.Parallel()
	e := sound()
	e.Made = append(e.Made, twin(e.Made[0]))
	e.Made[3].ClientToken = "t0-next"
	e.Calls = append(e.Calls, Call{Number: 77, Operation: "create", ClientToken: "t0-next", BodySHA256: "k0"})
	e.Results[0].Log = []Attempt{{Number: 4, Class: "unknown"}}
	findings := Judge(e)
	var text strings.Builder
	report(&text, e, findings)
	for _, want := range []string{"duplicated: k0", "havip-0-twin", "attempt 4", "unknown", "call 77"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in the report:\n%s", want, text.String())
		}
	}
	const line = "verdict: 4 items: missing 0, duplicated 1, unrecorded 0, wrongly recorded 0, without-token 0, overlapping 0, " +
		"changed 0, in review 0, disagreeing 0, crashed 0; pending 0, overlapping while stopped 0, without address 0"
	if got := verdictLine(4, findings); got != line {
		t.Errorf("verdict\n got %s\nwant %s", got, line)
	}
}
