package report

import (
	"fmt"
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
	Pause       *pause           `json:"pause"`
	// OnComplete is the URL that is notified of completions, without its query.
	OnComplete           string `json:"onComplete"`
	PendingNotifications int    `json:"pendingNotifications"`
	// Unconfirmed counts created items whose HaVIPs BCE has not shown yet; they are open.
	Unconfirmed int64 `json:"unconfirmed"`
	// Archive is set for archived batches only.
	Archive *archiveOf `json:"archive,omitempty"`
	figures

	// items and age are for tables.
	items, age string
}

func batchOf(b ledger.Batch, f progress.Figures) Batch {
	v := Batch{
		figures: figuresOf(f, time.Now()),
		Batch:   b.Name, Phase: Phase(b), Total: b.Total, Open: b.Open(), Unconfirmed: b.Unconfirmed, Failed: b.Failed(),
		OnComplete: notify.Shown(b.OnComplete), PendingNotifications: len(b.PendingNotifications),
		Counts: map[string]int64{}, File: b.Source.File, By: b.Source.By,
		CreatedAt: moment(b.CreatedAt), CompletedAt: moment(b.CompletedAt),
		MaxFailures: string(b.Source.MaxFailures), Pause: pauseOf(b.Pause),
		items: Counts(b), age: Ago(b.CreatedAt, time.Now()),
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

// Batches writes batches to stdout, including those whose records are damaged; the error counts these.
func Batches(t *terminal.IO, batches []ledger.Batch) error {
	return writeBatches(t, BatchList(), batches, func(b ledger.Batch) progress.Figures {
		return progress.Figures{Done: b.Total - b.Open(), Total: b.Total}
	})
}

func writeBatches(t *terminal.IO, list render.List[Batch], batches []ledger.Batch, figures func(ledger.Batch) progress.Figures) error {
	rows := make([]Batch, len(batches))
	for i, b := range batches {
		rows[i] = batchOf(b, figures(b))
	}
	if err := terminal.Print(t, list, rows); err != nil {
		return err
	}
	damaged := 0
	for _, b := range batches {
		if b.Damaged != nil {
			t.Errorf("batch %s: its record in Redis cannot be read completely: %v", b.Name, b.Damaged)
			damaged++
		}
	}
	if damaged == 0 {
		return nil
	}
	return cli.Failf(cli.ExitItemsFailed, "%s damaged; restore the fields in the hash havip:{BATCH}:batch from a backup of Redis", words.Count(damaged, "batch is", "batches are"))
}

// BatchList shows batches.
func BatchList() render.List[Batch] {
	list := render.List[Batch]{
		Columns: []render.Column[Batch]{
			{Name: "batch", Text: func(v Batch) string { return v.Batch }},
			{Name: "phase", Text: func(v Batch) string { return v.Phase }, Color: phaseColor},
			{Name: "total", Number: func(v Batch) int64 { return v.Total }},
			{Name: "open", Number: func(v Batch) int64 { return v.Open }},
			{Name: "failed", Number: func(v Batch) int64 { return v.Failed }},
		},
		Table:    []string{"batch", "phase", "total", "counts", "age", "file"},
		Wide:     []string{"batch", "phase", "total", "open", "failed", "counts", "createdAt", "completedAt", "by", "file"},
		Flexible: "counts", Dispensable: []string{"file", "total"},
	}
	for _, state := range ledger.States() {
		list.Columns = append(list.Columns, render.Column[Batch]{Name: string(state), Number: func(v Batch) int64 { return v.Counts[string(state)] }})
	}
	list.Columns = append(list.Columns, []render.Column[Batch]{
		{Name: "counts", Head: "ITEMS", Text: func(v Batch) string { return v.items }, Derived: true},
		{Name: "done", Number: func(v Batch) int64 { return v.Done }, Cell: func(v Batch) string { return v.shown.Count() }, Derived: true},
		{Name: "percent", Head: "%", Number: func(v Batch) int64 { return v.Percent }, Derived: true},
		{Name: "rate", Text: func(v Batch) string { return decimal(v.Rate) }, Cell: rateCell, Compare: render.CompareNumbers, Derived: true},
		{Name: "secondsLeft", Head: "LEFT", Text: func(v Batch) string { return decimal(v.SecondsLeft) }, Cell: leftCell, Compare: render.CompareNumbers, Derived: true},
		{Name: "endsAt", Head: "ENDS", Time: func(v Batch) time.Time { return timeOf(v.EndsAt) }, Derived: true},
		{Name: "unconfirmed", Number: func(v Batch) int64 { return v.Unconfirmed }, Derived: true},
		{Name: "age", Head: "CREATED", Time: func(v Batch) time.Time { return timeOf(v.CreatedAt) }, Cell: func(v Batch) string { return v.age }, Derived: true},
		{Name: "createdAt", Head: "CREATED", Time: func(v Batch) time.Time { return timeOf(v.CreatedAt) }, Derived: true},
		{Name: "completedAt", Head: "COMPLETED", Time: func(v Batch) time.Time { return timeOf(v.CompletedAt) }, Derived: true},
		{Name: "by", Text: func(v Batch) string { return v.By }, Derived: true},
		{Name: "file", Head: "FROM", Text: func(v Batch) string { return v.File }, Derived: true},
		{Name: "archive", Text: func(v Batch) string { return v.Archive.file() }, Derived: true},
		{Name: "archivedAt", Head: "ARCHIVED", Time: func(v Batch) time.Time { return v.Archive.time() }, Derived: true},
	}...)
	return list
}

func phaseColor(v Batch) render.Color {
	switch {
	case v.Failed > 0 && v.Open == 0:
		return render.Red
	case v.Phase == phasePaused, v.Phase == phaseIncomplete:
		return render.Yellow
	case v.Phase == phaseDone:
		return render.Green
	}
	return ""
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// IncompleteText is about a batch whose producer has not registered all items.
func IncompleteText(b ledger.Batch) string {
	file := b.Source.File
	if file == "" {
		file = "its file"
	}
	return fmt.Sprintf("batch %s is incomplete: its producer is still running, or it stopped early; if it stopped, run `enqueue apply` with %s again", b.Name, file)
}

// Incomplete reports that not all items of a batch are registered, if that is so.
func Incomplete(t *terminal.IO, b ledger.Batch) {
	if b.CommittedAt == 0 && b.Damaged == nil {
		t.Infof("%s", IncompleteText(b))
	}
}

// FailedError is the result of a finished batch: an error if items failed.
func FailedError(b ledger.Batch) error {
	if n := b.Failed(); n > 0 {
		return cli.Failf(cli.ExitItemsFailed, "batch %s: %s of %s failed; `enqueue retry %s` shows what can be retried",
			b.Name, words.Number(n), words.Count(b.Total, "item", "items"), shell.Operand(b.Name, "--dry-run"))
	}
	return nil
}

// StateNames are the states of an item, as flags accept them.
func StateNames() []string {
	var names []string
	for _, state := range ledger.States() {
		names = append(names, string(state))
	}
	return names
}
