package main

import (
	"strconv"
	"time"

	"havip/internal/cli"
	"havip/internal/notify"
	"havip/internal/render"
	"havip/ledger"
)

// batchView is a batch as -o json and ndjson show it.
type batchView struct {
	Batch       string           `json:"batch"`
	Phase       string           `json:"phase"`
	Total       int64            `json:"total"`
	Open        int64            `json:"open"`
	Failed      int64            `json:"failed"`
	Counts      map[string]int64 `json:"counts"`
	File        string           `json:"file"`
	By          string           `json:"by"`
	CreatedAt   *time.Time       `json:"createdAt"`
	CompletedAt *time.Time       `json:"completedAt"`
	MaxFailures string           `json:"maxFailures"`
	Held        *holdView        `json:"held"`
	// OnComplete is who is told of completions, without a query; NoticesOwed counts those still to be told.
	OnComplete  string `json:"onComplete"`
	NoticesOwed int    `json:"noticesOwed"`
	// Unconfirmed counts items that are created and open, for BCE has not shown their HaVIPs yet.
	Unconfirmed int64 `json:"unconfirmed"`
}

func viewOf(b ledger.Batch) batchView {
	v := batchView{
		Batch: b.Name, Phase: phase(b), Total: b.Total, Open: b.Open(), Unconfirmed: b.Unconfirmed, Failed: b.Failed(),
		OnComplete: notify.Shown(b.OnComplete), NoticesOwed: len(b.PendingNotifications),
		Counts: map[string]int64{}, File: b.Source.File, By: b.Source.By,
		CreatedAt: moment(b.CreatedAt), CompletedAt: moment(b.CompletedAt),
		MaxFailures: string(b.Source.MaxFailures), Held: viewOfHold(b.Pause),
	}
	for state, n := range b.Counts {
		v.Counts[string(state)] = n
	}
	return v
}

func moment(m ledger.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

// printBatches shows batches, also those of which something cannot be read. The error names these.
func (a *app) printBatches(batches []ledger.Batch) error {
	if err := a.writeBatches(batches); err != nil {
		return err
	}
	damaged := 0
	for _, b := range batches {
		if b.Damaged != nil {
			a.complain("batch %s: its facts in redis cannot be read in full: %v", b.Name, b.Damaged)
			damaged++
		}
	}
	if damaged == 0 {
		return nil
	}
	return cli.Failf(cli.ExitItemsFailed, "%s damaged; restore the fields in the hash havip:{BATCH}:batch from a backup of Redis", count(damaged, "batch is", "batches are"))
}

func (a *app) writeBatches(batches []ledger.Batch) error {
	switch a.output {
	case render.JSON, render.NDJSON:
		return a.encodeBatches(batches)
	case render.CSV:
		return a.csvBatches(batches)
	case render.Table:
	}
	const total, items, from = 2, 3, 5
	grid := render.NewGrid(a.out, cli.TerminalWidth(a.out, 0), items, "BATCH", "PHASE", "TOTAL", "ITEMS", "CREATED", "FROM").Dispensable(from, total)
	for _, b := range batches {
		if err := grid.Row(b.Name, phase(b), number(b.Total), countsLine(b), ago(b.CreatedAt, time.Now()), b.Source.File); err != nil {
			return err
		}
	}
	return grid.Close()
}

func (a *app) encodeBatches(batches []ledger.Batch) error {
	views := make([]batchView, len(batches))
	for i, b := range batches {
		views[i] = viewOf(b)
	}
	return encode(a, views)
}

func (a *app) csvBatches(batches []ledger.Batch) error {
	w := a.records(append([]string{"batch", "phase", "total", "open", "failed"}, stateNames()...)...)
	for _, b := range batches {
		row := []string{
			b.Name, phase(b), strconv.FormatInt(b.Total, 10),
			strconv.FormatInt(b.Open(), 10), strconv.FormatInt(b.Failed(), 10),
		}
		for _, state := range ledger.States() {
			row = append(row, strconv.FormatInt(b.Counts[state], 10))
		}
		if err := w.Write(row...); err != nil {
			return err
		}
	}
	return w.Close()
}
