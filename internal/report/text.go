package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"havip/internal/render"
	"havip/internal/words"
	"havip/ledger"
)

// Counts says how many items of a batch are in each state, in a fixed order.
func Counts(b ledger.Batch) string {
	return countsOf(b, ledger.States())
}

// countsOf counts the states in an order that has created and adopted together, because items of both may not be confirmed
// yet: these are open, and are counted behind them.
func countsOf(b ledger.Batch, states []ledger.State) string {
	var parts []string
	succeeded := 0
	for _, state := range states {
		n := b.Counts[state]
		if n == 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s", words.Number(n), state))
		if state.Succeeded() {
			succeeded = len(parts)
		}
	}
	switch {
	case len(parts) == 0:
		return "no items"
	case b.Unconfirmed == 0 || succeeded == 0:
	case b.Counts[ledger.Created] > 0 && b.Counts[ledger.Adopted] > 0:
		parts[succeeded-1] += fmt.Sprintf(" (%s of these not confirmed)", words.Number(b.Unconfirmed))
	default:
		parts[succeeded-1] += fmt.Sprintf(" (%s not confirmed)", words.Number(b.Unconfirmed))
	}
	return strings.Join(parts, ", ")
}

// ProblemsFirst is [Counts] with the states that need attention first, so that a truncated line keeps them.
func ProblemsFirst(b ledger.Batch) string {
	first := []ledger.State{ledger.Rejected, ledger.Review, ledger.Unknown, ledger.Waiting}
	rest := slices.DeleteFunc(ledger.States(), func(s ledger.State) bool { return slices.Contains(first, s) })
	return countsOf(b, append(first, rest...))
}

// The phases that code compares with.
const (
	phasePaused     = "paused"
	phaseIncomplete = "incomplete"
	phaseDone       = "done"
)

// Phase is the phase of a batch: incomplete, running, paused, done, or done with failures.
func Phase(b ledger.Batch) string {
	switch {
	case Paused(b):
		return phasePaused
	case b.CommittedAt == 0:
		return phaseIncomplete
	case b.Open() > 0:
		return "running"
	case b.Failed() > 0:
		return "done, with failures"
	default:
		return phaseDone
	}
}

// Ago says how long ago m was, in one unit.
func Ago(m ledger.Millis, now time.Time) string {
	if m == 0 {
		return "-"
	}
	return words.Time(now.Sub(m.Time())) + " ago"
}

// maxReason bounds a text of BCE or of a user in a message, in cells.
const maxReason = 100

// Short shortens a text of BCE or of a user for a message.
func Short(text string) string {
	return runewidth.Truncate(render.Printable(text), maxReason, "…")
}

// LastAnswer is BCE's answer to an item's last request, or the class of its outcome if there was no answer.
func LastAnswer(rec ledger.Record) string {
	var parts []string
	for _, part := range []string{rec.Code, Short(rec.Message)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return rec.Class
	}
	return strings.Join(parts, ": ")
}
