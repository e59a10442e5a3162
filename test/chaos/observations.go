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

	"havip/tasks"
)

// gather reads what exists and what was recorded, from everybody who knows.
func (env *environment) gather(ctx context.Context) (seen Observations, s Stats, err error) {
	seen = Observations{Rows: slices.Concat(env.rows...), Stops: env.stops(), Workers: len(env.workers), Now: time.Now()}
	seen.Sends = env.journal.Sends(seen.Now)
	seen.Failovers, seen.Shards, seen.OnlyRedis = env.store.masters.all(), map[string]string{}, env.onlyRedis
	for _, region := range regions {
		queue := tasks.Lane{Account: account, Region: region}.Queue()
		if seen.Shards[region], err = env.store.shardOf(ctx, queue); err != nil {
			return seen, s, err
		}
	}
	for _, rows := range env.rows {
		results, err := env.results(ctx, rows[0].Batch)
		if err != nil {
			return seen, s, err
		}
		seen.Results = append(seen.Results, results...)
	}
	if seen.Made, err = env.cloud.truth(ctx); err != nil {
		return seen, s, err
	}
	if seen.Calls, err = env.cloud.calls(ctx); err != nil {
		return seen, s, err
	}
	s, err = env.cloud.stats(ctx)
	seen.WithoutToken, seen.LiveOverlaps = s.WithoutToken, s.LiveOverlaps
	return seen, s, err
}

// results reads a batch's results as a user's script would.
func (env *environment) results(ctx context.Context, batch string) ([]Result, error) {
	out, err := env.enqueue(ctx, "results", batch, "--attempts", "-o", "ndjson")
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
func (env *environment) verify(ctx context.Context) []Finding {
	var findings []Finding
	for _, rows := range env.rows {
		if _, err := env.enqueue(ctx, "verify", rows[0].Batch, "--allow-running", "--allow-plain-http"); err != nil {
			findings = append(findings, Finding{Fact: Disagreeing, Detail: err.Error()})
		}
	}
	return findings
}

// crashes finds the logs of programs that have a data race, or panicked.
func (env *environment) crashes() ([]Finding, error) {
	logs, err := filepath.Glob(filepath.Join(env.dir, "*.log"))
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
