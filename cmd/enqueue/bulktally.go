package main

import (
	"fmt"
	"strconv"
	"strings"

	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/internal/render"
)

// planned is the counts line of a plan, and outcome that of what was done.
func planned(verb string, t *bulk.Tally) string {
	text := capital(verb) + ": " + count(t.Eligible(), "item", "items") + " eligible"
	if n := t.Left(); n > 0 {
		text += ", " + number(n) + " not"
	}
	return text
}

func outcome(verb string, t *bulk.Tally) string {
	text := capital(verb) + ": " + count(t.Eligible(), "item", "items")
	if n := t.Left(); n > 0 {
		text += ", " + number(n) + " left alone"
	}
	return text
}

func rowLine(r bulk.Row) string {
	text := fmt.Sprintf("%s: %s %s", r.Action, number(r.Items), r.State)
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}

// showTally writes the counts: the line as talk where it is not for people, and the rows as data.
func (a *app) showTally(line string, t *bulk.Tally) error {
	if len(t.Rows()) == 0 {
		line = "no item is chosen"
	}
	switch a.output {
	case render.JSON, render.NDJSON:
		a.say("%s", line)
		return encodeRows(a.data(), a.output, t.Rows())
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
	for _, r := range t.Rows() {
		if err := grid.Row(r.Action, string(r.State), number(r.Items), r.Why); err != nil {
			return err
		}
	}
	return grid.Close()
}

func (a *app) csvTally(t *bulk.Tally) error {
	w := a.records("action", "state", "items", "why")
	for _, r := range t.Rows() {
		if err := w.Write(r.Action, string(r.State), strconv.FormatInt(r.Items, 10), r.Why); err != nil {
			return err
		}
	}
	return w.Close()
}

// capital begins a verb as a sentence does.
func capital(verb string) string { return strings.ToUpper(verb[:1]) + verb[1:] }
