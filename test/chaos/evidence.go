//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// gather reads what exists and what was recorded, from everybody who knows.
func (h *house) gather(ctx context.Context) (e Evidence, s Stats, err error) {
	e = Evidence{Rows: slices.Concat(h.rows...), Stops: h.stops(), Now: time.Now()}
	e.Sends = h.journal.Sends(e.Now)
	for _, rows := range h.rows {
		results, err := h.results(ctx, rows[0].Batch)
		if err != nil {
			return e, s, err
		}
		e.Results = append(e.Results, results...)
	}
	if e.Made, err = h.cloud.truth(ctx); err != nil {
		return e, s, err
	}
	if e.Calls, err = h.cloud.calls(ctx); err != nil {
		return e, s, err
	}
	s, err = h.cloud.stats(ctx)
	e.WithoutToken, e.LiveOverlaps = s.WithoutToken, s.LiveOverlaps
	return e, s, err
}

// results reads a batch's results as a user's script would.
func (h *house) results(ctx context.Context, batch string) ([]Result, error) {
	out, err := h.enqueue(ctx, "results", batch, "--attempts", "-o", "ndjson")
	if err != nil {
		return nil, err
	}
	var results []Result
	for line := range bytes.Lines(out) {
		var r Result
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("results of batch %q: line %q: %w", batch, line, err)
		}
		results = append(results, r)
	}
	return results, nil
}

// verify has the programs' own comparison say whether ledger and cloud agree, once everything is over.
func (h *house) verify(ctx context.Context) []Finding {
	var findings []Finding
	for _, rows := range h.rows {
		if _, err := h.enqueue(ctx, "verify", rows[0].Batch, "--allow-running", "--endpoint", h.cloud.url); err != nil {
			findings = append(findings, Finding{Fact: Disagreeing, Detail: err.Error()})
		}
	}
	return findings
}

// crashes finds the logs of programs that have a data race, or panicked.
func (h *house) crashes() ([]Finding, error) {
	logs, err := filepath.Glob(filepath.Join(h.dir, "*.log"))
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, log := range logs {
		text, err := os.ReadFile(log) //nolint:gosec // G703: in a directory that the suite has made
		if err != nil {
			return nil, err
		}
		for _, sign := range []string{"WARNING: DATA RACE", "\npanic: ", "\nfatal error: "} {
			if n := bytes.Count(text, []byte(sign)); n > 0 {
				findings = append(findings, Finding{Fact: Crashed, Detail: fmt.Sprintf("%q %d times in %s", sign, n, log)})
			}
		}
	}
	return findings, nil
}
