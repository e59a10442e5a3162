package report

import (
	"fmt"
	"time"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// Paused reports whether the batch is paused and has unfinished items.
func Paused(b ledger.Batch) bool { return b.Pause != nil && !b.Done() }

// PauseText says when a batch was paused, by whom or for which failures, and how to resume it.
func PauseText(b ledger.Batch) string {
	resume := fmt.Sprintf("`enqueue resume --batch %s` resumes it", shell.Quote(b.Name))
	if !b.Pause.ByFailures() {
		return fmt.Sprintf("batch %s was paused %s; %s", b.Name, SetBy(b.Pause.At.Time(), b.Pause.By, b.Pause.Reason, time.Now()), resume)
	}
	return fmt.Sprintf("%s; `enqueue results %s` shows why, and %s", LimitText(b), shell.Operand(b.Name, "--state rejected,review"), resume)
}

// LimitText says how many failures paused a batch, and its limit.
func LimitText(b ledger.Batch) string {
	p := b.Pause
	return fmt.Sprintf("batch %s was paused %s: %s of %s failed (limit %s)",
		b.Name, Ago(p.At, time.Now()), words.Number(p.Failed), words.Count(p.Total, "item", "items"), render.Printable(p.Limit.String()))
}

// Pause reports that a batch is paused, if it is and has unfinished items.
func Pause(t *terminal.IO, b ledger.Batch) {
	if Paused(b) {
		t.Infof("%s", PauseText(b))
	}
}

// StoppedError ends the wait for a batch that its failures have paused. next says how to continue it, if not with
// `enqueue resume`.
func StoppedError(b ledger.Batch, next string) error {
	what := PauseText(b)
	if next != "" {
		what = LimitText(b) + "; " + next
	}
	return cli.Failf(cli.ExitItemsFailed, "%s; its items: %s", what, Counts(b))
}

// pause is a batch's pause as -o json and ndjson show it.
type pause struct {
	Since time.Time `json:"since"`
	// By and Reason are set if a user paused the batch, Limit and Failed if its failures did.
	By     string `json:"by"`
	Reason string `json:"reason"`
	Limit  string `json:"limit"`
	Failed int64  `json:"failed"`
}

func pauseOf(p *ledger.Pause) *pause {
	if p == nil {
		return nil
	}
	return &pause{Since: p.At.Time(), By: p.By, Reason: p.Reason, Limit: string(p.Limit), Failed: p.Failed}
}
