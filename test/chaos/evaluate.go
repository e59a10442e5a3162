//go:build unix

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Evaluate returns what is wrong: nothing if every row has exactly one HaVIP as requested and recorded, or was refused
// and has none. It is a pure function.
func Evaluate(seen Observations) []Finding {
	e := &evaluation{results: map[string]Result{}, made: map[place][]Made{}}
	for _, r := range seen.Results {
		if _, twice := e.results[r.Key]; twice {
			e.find(Wrong, r.Key, "", "the item stands in the results twice")
		}
		e.results[r.Key] = r
	}
	for _, m := range seen.Made {
		at := place{m.SubnetID, m.Name}
		e.made[at] = append(e.made[at], m)
	}
	for _, row := range seen.Rows {
		at := place{row.Subnet, row.Name}
		e.row(row, e.made[at])
		delete(e.made, at)
		delete(e.results, row.Key)
	}
	for key := range e.results {
		e.find(Wrong, key, "", "the item is of no row")
	}
	for at, made := range e.made {
		e.find(Unrecorded, "", made[0].ClientToken, fmt.Sprintf("%s in %s is of no row: %s", at.name, at.subnet, describe(made)))
	}
	e.requests(seen)
	e.failovers(seen)
	return e.findings
}

// place is what tells a HaVIP of one row from those of others: names are unique in the rows.
type place struct{ subnet, name string }

type evaluation struct {
	results  map[string]Result
	made     map[place][]Made
	findings []Finding
}

func (e *evaluation) find(fact Fact, key, token, detail string) {
	e.findings = append(e.findings, Finding{fact, key, token, detail})
}

// row evaluates one row by what exists for it.
func (e *evaluation) row(row Row, made []Made) {
	r, known := e.results[row.Key]
	if len(made) > 1 {
		e.find(Duplicated, row.Key, "", describe(made))
	}
	switch {
	case !known:
		e.find(Missing, row.Key, "", "the item is not in the ledger")
		if len(made) > 0 {
			e.find(Unrecorded, row.Key, "", describe(made))
		}
	case r.State == "created", r.State == "adopted":
		e.succeeded(row, r, made)
	case r.State == "rejected":
		e.refused(row, r, made)
	case r.State == "review":
		e.find(InReview, row.Key, "", fmt.Sprintf("%s: %s; what exists: %s", r.Code, r.Message, describe(made)))
	default:
		e.find(Pending, row.Key, "", fmt.Sprintf("%s since %s; what exists: %s", r.State, r.UpdatedAt, describe(made)))
	}
}

func (e *evaluation) succeeded(row Row, r Result, made []Made) {
	i := slices.IndexFunc(made, func(m Made) bool { return m.HaVIPID == r.HaVIPID })
	if len(made) == 0 {
		e.find(Missing, row.Key, "", fmt.Sprintf("%s as %s, which does not exist", r.State, r.HaVIPID))
		return
	}
	if i < 0 {
		e.find(Wrong, row.Key, "", fmt.Sprintf("recorded as %s; what exists: %s", r.HaVIPID, describe(made)))
		e.find(Unrecorded, row.Key, "", describe(made))
		return
	}
	m := made[i]
	if r.Address == "" {
		e.find(NoAddress, row.Key, "", m.HaVIPID+" has "+m.Address)
		r.Address = m.Address
	}
	told := Row{r.Batch, r.Line, r.Key, r.Name, r.SubnetID, r.Address, r.Region, row.Token}
	want := row
	want.Address = m.Address
	switch {
	case told != want, row.Address != "" && row.Address != m.Address:
		e.find(Wrong, row.Key, "", fmt.Sprintf("asked for %+v, recorded as %+v; what exists: %s", row, r, describe(made)))
	case r.ClientToken != m.ClientToken:
		e.find(Wrong, row.Key, "", fmt.Sprintf("recorded under token %s; what exists: %s", r.ClientToken, describe(made)))
	}
}

// refused: only rows that the suite told the simulator to refuse may be rejected.
func (e *evaluation) refused(row Row, r Result, made []Made) {
	if len(made) > 0 {
		e.find(Wrong, row.Key, "", fmt.Sprintf("rejected with %s; what exists: %s", r.Code, describe(made)))
		e.find(Unrecorded, row.Key, "", describe(made))
	} else if r.Code != RefusedCode {
		e.find(Missing, row.Key, "", fmt.Sprintf("rejected with %s, which nobody asked the simulator for: %s", r.Code, r.Message))
	}
}

// requests evaluates what was sent, whatever the outcome.
func (e *evaluation) requests(seen Observations) {
	if seen.WithoutToken > 0 {
		e.find(WithoutToken, "", "", fmt.Sprintf("%d requests by the simulator's count", seen.WithoutToken))
	}
	for _, s := range seen.Sends {
		if s.Token == "" {
			e.find(WithoutToken, "", "", fmt.Sprintf("worker %d at %s", s.Worker, s.From.Format(clock)))
		}
	}
	for worker := range seen.Workers {
		if !slices.ContainsFunc(seen.Sends, func(s Send) bool { return s.Worker == worker }) {
			e.find(Idle, "", "", fmt.Sprintf("worker %d sent nothing; see its log", worker))
		}
	}
	bodies := map[string]string{}
	for _, c := range seen.Calls {
		if c.Operation != "create" || c.BodySHA256 == "" {
			continue // or it was refused before its body was read
		}
		if first, seen := bodies[c.ClientToken]; seen && first != c.BodySHA256 {
			e.find(Changed, "", c.ClientToken, fmt.Sprintf("call %d has another body than an earlier one", c.Number))
		}
		bodies[c.ClientToken] = c.BodySHA256
	}
	overlaps := Overlaps(seen.Sends, seen.Stops)
	if more := seen.LiveOverlaps - int64(len(overlaps)); more > 0 {
		e.find(Overlapping, "", "", fmt.Sprintf("the simulator saw %d more", more))
	}
	for _, o := range overlaps {
		fact := Overlapping
		if o.Stopped {
			fact = WhileStopped
		}
		e.find(fact, "", o.First.Token, fmt.Sprintf("worker %d from %s to %s, worker %d from %s to %s",
			o.First.Worker, o.First.From.Format(clock), o.First.Until.Format(clock),
			o.Second.Worker, o.Second.From.Format(clock), o.Second.Until.Format(clock)))
	}
}

// failovers evaluates how soon work went on, where nothing but Redis failed: elsewhere a lane may be suspended, or all
// workers stopped. Where the next failover comes before the next create, that decides.
func (e *evaluation) failovers(seen Observations) {
	if !seen.OnlyRedis {
		return
	}
	for i, f := range seen.Failovers {
		wait, resumed := seen.untilResumed(f)
		if i+1 < len(seen.Failovers) {
			wait = min(wait, seen.Failovers[i+1].At.Sub(f.At))
		}
		if resumed && wait > resumeWithin {
			e.find(NotResumed, "", "", fmt.Sprintf("no create within %s after the failover from %s at %s", wait.Round(time.Millisecond), f, f.At.Format(clock)))
		}
	}
}

// clock is how moments are shown.
const clock = "15:04:05.000"

func describe(made []Made) string {
	if len(made) == 0 {
		return "nothing"
	}
	texts := make([]string, len(made))
	for i, m := range made {
		texts[i] = fmt.Sprintf("%s (%s, token %s, call %d, created %s)", m.HaVIPID, m.Address, m.ClientToken, m.Call, m.CreatedAt.Format(time.RFC3339))
	}
	return strings.Join(texts, ", ")
}
