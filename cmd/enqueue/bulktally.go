package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/ledger"
)

// bulkTally counts items by what is done to them, the state that they were in, and why nothing is.
type bulkTally struct{ rows []bulkRow }

// bulkRow is one count, as -o json and ndjson show it.
type bulkRow struct {
	Action string       `json:"action"`
	State  ledger.State `json:"state"`
	Items  int64        `json:"items"`
	Why    string       `json:"why"`
}

func (r bulkRow) String() string {
	text := fmt.Sprintf("%s: %s %s", r.Action, number(r.Items), r.State)
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}

func (t *bulkTally) add(d deed, state ledger.State) {
	for i := range t.rows {
		if r := &t.rows[i]; r.Action == d.action && r.State == state && r.Why == d.why {
			r.Items++
			return
		}
	}
	t.rows = append(t.rows, bulkRow{Action: d.action, State: state, Items: 1, Why: d.why})
	slices.SortFunc(t.rows, func(a, b bulkRow) int {
		if (a.Action == none) != (b.Action == none) {
			if a.Action == none {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Action+string(a.State)+a.Why, b.Action+string(b.State)+b.Why)
	})
}

// eligible counts the items to which something is done.
func (t *bulkTally) eligible() (n int64) {
	for _, r := range t.rows {
		if r.Action != none {
			n += r.Items
		}
	}
	return n
}

// of counts the items to which this is done.
func (t *bulkTally) of(action string) (n int64) {
	for _, r := range t.rows {
		if r.Action == action {
			n += r.Items
		}
	}
	return n
}

// left counts the items that are left alone.
func (t *bulkTally) left() int64 { return t.of(none) }

// line is the counts line of a plan, and outcome that of what was done.
func (t *bulkTally) line(verb string) string {
	text := capital(verb) + ": " + count(t.eligible(), "item", "items") + " eligible"
	if n := t.left(); n > 0 {
		text += ", " + number(n) + " not"
	}
	return text
}

func (t *bulkTally) outcome(verb string) string {
	text := capital(verb) + ": " + count(t.eligible(), "item", "items")
	if n := t.left(); n > 0 {
		text += ", " + number(n) + " left alone"
	}
	return text
}

// summary says what was done, for the batch's events.
func (t *bulkTally) summary() string {
	parts := make([]string, len(t.rows))
	for i, r := range t.rows {
		parts[i] = fmt.Sprintf("%s: %d %s", r.Action, r.Items, r.State)
	}
	return strings.Join(parts, "; ")
}

// showTally writes the counts: the line as talk where it is not for people, and the rows as data.
func (a *app) showTally(line string, t *bulkTally) error {
	if len(t.rows) == 0 {
		line = "no item is chosen"
	}
	switch a.output {
	case render.JSON, render.NDJSON:
		a.say("%s", line)
		return encodeRows(a.out, a.output, t.rows)
	case render.CSV:
		a.say("%s", line)
		return a.csvTally(t)
	case render.Table:
	}
	if _, err := fmt.Fprintln(a.out, line); err != nil {
		return err
	}
	const why = 3
	grid := render.NewGrid(a.out, cli.TerminalWidth(a.out, 0), why, "ACTION", "STATE", "ITEMS", "WHY")
	for _, r := range t.rows {
		if err := grid.Row(r.Action, string(r.State), number(r.Items), r.Why); err != nil {
			return err
		}
	}
	return grid.Close()
}

func (a *app) csvTally(t *bulkTally) error {
	w := a.records("action", "state", "items", "why")
	for _, r := range t.rows {
		if err := w.Write(r.Action, string(r.State), strconv.FormatInt(r.Items, 10), r.Why); err != nil {
			return err
		}
	}
	return w.Close()
}

// capital begins a verb as a sentence does.
func capital(verb string) string { return strings.ToUpper(verb[:1]) + verb[1:] }
