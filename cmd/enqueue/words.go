package main

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

// countsLine says how many items of a batch stand in each state, in a fixed order.
func countsLine(b ledger.Batch) string {
	return countsOf(b, ledger.States())
}

func countsOf(b ledger.Batch, states []ledger.State) string {
	var parts []string
	for _, state := range states {
		if n := b.Counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", words.Number(n), state))
		}
	}
	if b.Unconfirmed > 0 {
		parts = append(parts, words.Number(b.Unconfirmed)+" not confirmed yet")
	}
	if len(parts) == 0 {
		return "no items"
	}
	return strings.Join(parts, ", ")
}

// troubleFirst says the same with what asks for attention in front: where a line is cut, it stays.
func troubleFirst(b ledger.Batch) string {
	first := []ledger.State{ledger.Rejected, ledger.Review, ledger.Unknown, ledger.Waiting}
	rest := slices.DeleteFunc(ledger.States(), func(s ledger.State) bool { return slices.Contains(first, s) })
	return countsOf(b, append(first, rest...))
}

// phase says in a word how far a batch is.
func phase(b ledger.Batch) string {
	switch {
	case holds(b):
		return "held"
	case b.CommittedAt == 0:
		return "incomplete"
	case b.Open() > 0:
		return "running"
	case b.Failed() > 0:
		return "done, with failures"
	default:
		return "done"
	}
}

// ago says how long ago a moment was, in one unit.
func ago(m ledger.Millis, now time.Time) string {
	if m == 0 {
		return "-"
	}
	return words.Time(now.Sub(m.Time())) + " ago"
}

// maxReason bounds a reason of BCE's or a person's in a line of talk, in cells.
const maxReason = 100

// short is somebody else's text in a line of talk.
func short(text string) string {
	return runewidth.Truncate(render.Printable(text), maxReason, "…")
}
