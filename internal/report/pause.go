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

// PauseText says since when a batch is paused, by whom or why, and how to resume it.
func PauseText(b ledger.Batch) string {
	goOn := fmt.Sprintf("`enqueue resume --batch %s` lets it go on", shell.Quote(b.Name))
	if !b.Pause.ByFailures() {
		return fmt.Sprintf("batch %s is paused, %s; %s", b.Name, SetBy(b.Pause.At.Time(), b.Pause.By, b.Pause.Reason, time.Now()), goOn)
	}
	return fmt.Sprintf("%s; `enqueue results %s --state rejected,review` tells why, %s", LimitText(b), shell.Quote(b.Name), goOn)
}

// LimitText says which failures have paused a batch.
func LimitText(b ledger.Batch) string {
	p := b.Pause
	return fmt.Sprintf("batch %s has been held for %s: %s of %s failed, and more than %s are not wanted",
		b.Name, words.Time(time.Since(p.At.Time())), words.Number(p.Failed), words.Count(p.Total, "item", "items"), render.Printable(p.Limit.String()))
}

// Pause tells that a batch is paused, if it is and has unfinished items.
func Pause(t *terminal.IO, b ledger.Batch) {
	if Paused(b) {
		t.Infof("%s", PauseText(b))
	}
}

// StoppedError ends the wait for a batch that its failures have paused. GoOn says how it can continue,
// if not by resume.
func StoppedError(b ledger.Batch, goOn string) error {
	what := PauseText(b)
	if goOn != "" {
		what = LimitText(b) + "; " + goOn
	}
	return cli.Failf(cli.ExitItemsFailed, "%s; its items: %s", what, Counts(b))
}

// pause is a batch's pause as -o json and ndjson show it.
type pause struct {
	Since time.Time `json:"since"`
	// By and Reason are set by a person's pause, Limit and Failed by that of failures.
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
