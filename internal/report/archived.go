package report

import (
	"time"

	"havip/internal/progress"
	"havip/internal/terminal"
	"havip/ledger"
)

// archiveOf is where an archived batch is, as -o json and ndjson show it.
type archiveOf struct {
	File   string     `json:"file"`
	SHA256 string     `json:"sha256"`
	At     *time.Time `json:"at"`
	By     string     `json:"by"`
	Reason string     `json:"reason"`
}

func (a *archiveOf) file() string {
	if a == nil {
		return ""
	}
	return a.File
}

func (a *archiveOf) time() time.Time {
	if a == nil {
		return time.Time{}
	}
	return timeOf(a.At)
}

// Archived writes archived batches to stdout.
func Archived(t *terminal.IO, batches []ledger.BatchNotFoundError) error {
	rows := make([]Batch, len(batches))
	for i, b := range batches {
		a := b.Archive
		rows[i] = batchOf(ledger.Batch{
			Name: b.Batch, Total: a.Total, Counts: a.Counts, CreatedAt: a.CreatedAt, CommittedAt: a.CompletedAt, CompletedAt: a.CompletedAt,
			Source: ledger.Source{File: a.Source, By: a.By},
		}, progress.Figures{Done: a.Total, Total: a.Total})
		rows[i].Phase = "archived"
		rows[i].Archive = &archiveOf{File: a.File, SHA256: a.SHA256, At: moment(b.ForgottenAt), By: b.By, Reason: b.Reason}
	}
	list := BatchList()
	list.Table = []string{"batch", "total", "counts", "archivedAt", "archive"}
	list.Wide = []string{"batch", "total", "failed", "counts", "createdAt", "completedAt", "archivedAt", "by", "file", "archive"}
	list.Flexible, list.Dispensable = "archive", []string{"counts", "total"}
	return terminal.Print(t, list, rows)
}
