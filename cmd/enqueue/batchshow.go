package main

import (
	"io"
	"strconv"
	"time"

	"havip/internal/cli"
	"havip/internal/notify"
	"havip/internal/render"
	"havip/internal/terminal"
	"havip/internal/words"
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

	// items and created are for the table.
	items, created string
}

func viewOf(b ledger.Batch) batchView {
	v := batchView{
		Batch: b.Name, Phase: phase(b), Total: b.Total, Open: b.Open(), Unconfirmed: b.Unconfirmed, Failed: b.Failed(),
		OnComplete: notify.Shown(b.OnComplete), NoticesOwed: len(b.PendingNotifications),
		Counts: map[string]int64{}, File: b.Source.File, By: b.Source.By,
		CreatedAt: moment(b.CreatedAt), CompletedAt: moment(b.CompletedAt),
		MaxFailures: string(b.Source.MaxFailures), Held: viewOfHold(b.Pause),
		items: countsLine(b), created: ago(b.CreatedAt, time.Now()),
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
	w := terminal.Writer(a.IO, batchList())
	damaged := 0
	for _, b := range batches {
		if err := w.Write(viewOf(b)); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	for _, b := range batches {
		if b.Damaged != nil {
			a.Errorf("batch %s: its facts in redis cannot be read in full: %v", b.Name, b.Damaged)
			damaged++
		}
	}
	if damaged == 0 {
		return nil
	}
	return cli.Failf(cli.ExitItemsFailed, "%s damaged; restore the fields in the hash havip:{BATCH}:batch from a backup of Redis", words.Count(damaged, "batch is", "batches are"))
}

// batchList shows batches.
func batchList() render.List[batchView] {
	return render.List[batchView]{
		Head: append([]string{"batch", "phase", "total", "open", "failed"}, stateNames()...),
		Record: func(v batchView) []string {
			record := []string{
				v.Batch, v.Phase, strconv.FormatInt(v.Total, 10), strconv.FormatInt(v.Open, 10), strconv.FormatInt(v.Failed, 10),
			}
			for _, state := range stateNames() {
				record = append(record, strconv.FormatInt(v.Counts[state], 10))
			}
			return record
		},
		Grid: func(w io.Writer, width int) *render.Grid {
			const total, items, from = 2, 3, 5
			return render.NewGrid(w, width, items, "BATCH", "PHASE", "TOTAL", "ITEMS", "CREATED", "FROM").Dispensable(from, total)
		},
		Row: func(g *render.Grid, v batchView) error {
			return g.Row(v.Batch, v.Phase, words.Number(v.Total), v.items, v.created, v.File)
		},
	}
}
