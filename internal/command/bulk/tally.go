package bulk

import (
	"fmt"
	"strings"

	"havip/internal/bulk"
	"havip/internal/render"
	"havip/internal/terminal"
	"havip/internal/words"
)

// planned is the counts line of a plan, and outcome that of its execution.
func planned(verb string, t *bulk.Tally) string {
	text := capital(verb) + ": " + words.Count(t.Eligible(), "item", "items") + " eligible"
	if n := t.Left(); n > 0 {
		text += ", " + words.Number(n) + " not"
	}
	return text
}

func outcome(verb string, t *bulk.Tally) string {
	text := capital(verb) + ": " + words.Count(t.Eligible(), "item", "items")
	if n := t.Left(); n > 0 {
		text += ", " + words.Number(n) + " left alone"
	}
	return text
}

func rowLine(r bulk.Row) string {
	text := fmt.Sprintf("%s: %s %s", r.Action, words.Number(r.Items), r.State)
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}

// showTally writes the counts: the line above a table, and as a message otherwise.
func showTally(t *terminal.IO, line string, tally *bulk.Tally) error {
	if len(tally.Rows()) == 0 {
		line = "no items selected"
	}
	if err := t.Headline(line); err != nil {
		return err
	}
	return terminal.Print(t, tallyList(), tally.Rows())
}

func tallyList() render.List[bulk.Row] {
	return render.List[bulk.Row]{
		Columns: []render.Column[bulk.Row]{
			{Name: "action", Text: func(r bulk.Row) string { return r.Action }},
			{Name: "state", Text: func(r bulk.Row) string { return string(r.State) }},
			{Name: "items", Number: func(r bulk.Row) int64 { return r.Items }},
			{Name: "why", Text: func(r bulk.Row) string { return r.Why }},
		},
		Table: []string{"action", "state", "items", "why"}, Flexible: "why",
	}
}

// capital capitalizes a verb.
func capital(verb string) string { return strings.ToUpper(verb[:1]) + verb[1:] }
