//go:build unix

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// shown is how many findings of a fact are reported in full.
const shown = 10

// countOf counts findings by fact.
func countOf(findings []Finding) map[Fact]int {
	counts := map[Fact]int{}
	for _, f := range findings {
		counts[f.Fact]++
	}
	return counts
}

// verdictLine is the one line that a run comes to.
func verdictLine(items int, findings []Finding) string {
	counts := countOf(findings)
	list := func(facts []Fact) string {
		texts := make([]string, len(facts))
		for i, fact := range facts {
			texts[i] = fmt.Sprintf("%s %d", fact, counts[fact])
		}
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("verdict: %d items: %s; %s", items, list(violations), list(remarks))
}

// exitOf is the exit code that the findings come to.
func exitOf(findings []Finding) int {
	counts := countOf(findings)
	switch {
	case slices.ContainsFunc(violations, func(f Fact) bool { return counts[f] > 0 }):
		return exitViolation
	case counts[Pending] > 0:
		return exitPending
	}
	return exitOK
}

// report tells the findings with all that is known of the items concerned.
func report(w io.Writer, seen Observations, findings []Finding) {
	dossier := newDossier(seen)
	told := map[Fact]int{}
	for _, f := range findings {
		if told[f.Fact]++; told[f.Fact] > shown {
			continue
		}
		_, _ = fmt.Fprintf(w, "\n%s: %s\n", f.Fact, strings.TrimSpace(cmp.Or(f.Key, f.Token)+": "+f.Detail))
		dossier.write(w, f)
	}
	for _, fact := range slices.Concat(violations, remarks) {
		if more := told[fact] - shown; more > 0 {
			_, _ = fmt.Fprintf(w, "\n%s: and %d more\n", fact, more)
		}
	}
}

// dossier finds the logs that belong to an item or a token.
type dossier struct {
	byKey, byToken map[string]Result
	tokens         map[string][]string
	calls          map[string][]Call
}

func newDossier(seen Observations) dossier {
	d := dossier{byKey: map[string]Result{}, byToken: map[string]Result{}, tokens: map[string][]string{}, calls: map[string][]Call{}}
	place2key := map[place]string{}
	for _, r := range seen.Results {
		d.byKey[r.Key], d.byToken[r.ClientToken] = r, r
		d.tokens[r.Key] = []string{r.ClientToken}
		place2key[place{r.SubnetID, r.Name}] = r.Key
	}
	for _, m := range seen.Made {
		// An item has had other tokens, too.
		key := place2key[place{m.SubnetID, m.Name}]
		if !slices.Contains(d.tokens[key], m.ClientToken) {
			d.tokens[key] = append(d.tokens[key], m.ClientToken)
		}
	}
	for _, c := range seen.Calls {
		if c.ClientToken != "" {
			d.calls[c.ClientToken] = append(d.calls[c.ClientToken], c)
		}
	}
	return d
}

func (d dossier) write(w io.Writer, f Finding) {
	r, known := d.byKey[f.Key]
	if f.Key == "" {
		r, known = d.byToken[f.Token]
	}
	if !known {
		return
	}
	_, _ = fmt.Fprintf(w, "  item %s of %s: %s %s %s %s, token %s\n", r.Key, r.Batch, r.State, r.HaVIPID, r.Code, r.Message, r.ClientToken)
	for _, a := range r.Log {
		_, _ = fmt.Fprintf(w, "    attempt %d at %s by %s: %s %d %s %q, %d ms\n", a.Number, a.At, a.Worker, a.Class, a.Status, a.Code, a.Message, a.DurationMS)
	}
	for _, token := range d.tokens[r.Key] {
		for _, c := range d.calls[token] {
			_, _ = fmt.Fprintf(w, "    call %d at %s to %s, token %s: %d %s %s, fault %q, replayed %t, client gone %t\n", c.Number,
				c.Start.Format(clock), c.End.Format(clock), token, c.Status, c.Code, c.HaVIPID, c.Fault, c.Replayed, c.ClientGone)
		}
	}
}
