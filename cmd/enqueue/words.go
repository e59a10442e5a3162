package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"havip/ledger"
)

// count says a number with its noun.
func count[N int | int64](n N, one, many string) string {
	noun := many
	if n == 1 {
		noun = one
	}
	return number(n) + " " + noun
}

// number groups thousands.
func number[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// countsLine says how many items of a batch stand in each state, in a fixed order.
func countsLine(b ledger.Batch) string {
	return countsOf(b, ledger.States())
}

func countsOf(b ledger.Batch, states []ledger.State) string {
	var parts []string
	for _, state := range states {
		if n := b.Counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", number(n), state))
		}
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
	return inOneUnit(now.Sub(m.Time())) + " ago"
}

// inOneUnit says a time in one unit, rounded down.
func inOneUnit(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// word is a name as a shell takes it: hints are there to be copied.
func word(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./+:@%", r)
	}) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
