package report

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"havip/internal/cli"
	"havip/internal/notify"
	"havip/internal/progress"
	"havip/internal/render"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// Batch is a batch as -o json and ndjson show it.
type Batch struct {
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
	Held        *pause           `json:"held"`
	// OnComplete is the URL that is notified of completions, without its query; NoticesOwed counts the
	// pending notifications.
	OnComplete  string `json:"onComplete"`
	NoticesOwed int    `json:"noticesOwed"`
	// Unconfirmed counts created items whose HaVIPs BCE has not shown yet; they are open.
	Unconfirmed int64 `json:"unconfirmed"`
	figures

	// items and created are for the table.
	items, created string
}

func batchOf(b ledger.Batch, f progress.Figures) Batch {
	v := Batch{
		figures: figuresOf(f, time.Now()),
		Batch:   b.Name, Phase: Phase(b), Total: b.Total, Open: b.Open(), Unconfirmed: b.Unconfirmed, Failed: b.Failed(),
		OnComplete: notify.Shown(b.OnComplete), NoticesOwed: len(b.PendingNotifications),
		Counts: map[string]int64{}, File: b.Source.File, By: b.Source.By,
		CreatedAt: moment(b.CreatedAt), CompletedAt: moment(b.CompletedAt),
		MaxFailures: string(b.Source.MaxFailures), Held: pauseOf(b.Pause),
		items: Counts(b), created: Ago(b.CreatedAt, time.Now()),
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

// Batches writes batches to stdout, also those that cannot be read in full; the error counts these.
func Batches(t *terminal.IO, batches []ledger.Batch) error {
	return writeBatches(t, batchList(), batches, func(b ledger.Batch) progress.Figures {
		return progress.Figures{Done: b.Total - b.Open(), Total: b.Total}
	})
}

func writeBatches(t *terminal.IO, list render.List[Batch], batches []ledger.Batch, figures func(ledger.Batch) progress.Figures) error {
	w := terminal.Writer(t, list)
	damaged := 0
	for _, b := range batches {
		if err := w.Write(batchOf(b, figures(b))); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	for _, b := range batches {
		if b.Damaged != nil {
			t.Errorf("batch %s: its facts in redis cannot be read in full: %v", b.Name, b.Damaged)
			damaged++
		}
	}
	if damaged == 0 {
		return nil
	}
	return cli.Failf(cli.ExitItemsFailed, "%s damaged; restore the fields in the hash havip:{BATCH}:batch from a backup of Redis", words.Count(damaged, "batch is", "batches are"))
}

func batchList() render.List[Batch] {
	return render.List[Batch]{
		Head: append([]string{"batch", "phase", "total", "open", "failed"}, StateNames()...),
		Record: func(v Batch) []string {
			record := []string{
				v.Batch, v.Phase, strconv.FormatInt(v.Total, 10), strconv.FormatInt(v.Open, 10), strconv.FormatInt(v.Failed, 10),
			}
			for _, state := range StateNames() {
				record = append(record, strconv.FormatInt(v.Counts[state], 10))
			}
			return record
		},
		Grid: func(w io.Writer, width int) *render.Grid {
			const total, items, from = 2, 3, 5
			return render.NewGrid(w, width, items, "BATCH", "PHASE", "TOTAL", "ITEMS", "CREATED", "FROM").Dispensable(from, total)
		},
		Row: func(g *render.Grid, v Batch) error {
			return g.Row(v.Batch, v.Phase, words.Number(v.Total), v.items, v.created, v.File)
		},
	}
}

// IncompleteText is about a batch whose producer has not put in all items.
func IncompleteText(b ledger.Batch) string {
	file := b.Source.File
	if file == "" {
		file = "its file"
	}
	return fmt.Sprintf("batch %s is incomplete: its producer is still at it, or stopped half-way; if it stopped, run `enqueue apply` with %s again", b.Name, file)
}

// Incomplete tells that not all items of a batch have been put in, if so.
func Incomplete(t *terminal.IO, b ledger.Batch) {
	if b.CommittedAt == 0 && b.Damaged == nil {
		t.Infof("%s", IncompleteText(b))
	}
}

// FailedError is the exit status of a finished batch: an error if items failed.
func FailedError(b ledger.Batch) error {
	if n := b.Failed(); n > 0 {
		return cli.Failf(cli.ExitItemsFailed, "batch %s: %s of %s failed; `enqueue retry %s --dry-run` shows what can be tried again",
			b.Name, words.Number(n), words.Count(b.Total, "item", "items"), shell.Quote(b.Name))
	}
	return nil
}

// StateNames are the states that an item can be in, as flags take them.
func StateNames() []string {
	var names []string
	for _, state := range ledger.States() {
		names = append(names, string(state))
	}
	return names
}
