package report

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/ledger"
	"havip/tasks"
)

// Filter chooses what is shown of a batch's items.
type Filter struct {
	// States are the states to show, nil for all. Attempts adds every request sent.
	States   []string
	Attempts bool
}

// Wants reports whether the filter lets an item pass.
func (f Filter) Wants(item ledger.Item) bool {
	return len(f.States) == 0 || slices.Contains(f.States, string(item.Record.State))
}

// attemptLog is the field of a result that [Filter.Attempts] fills.
const attemptLog = "attemptLog"

// FilterOf is the filter that the flags about output imply: the field with an item's requests must be filled.
func FilterOf(t *terminal.IO) Filter { return Filter{Attempts: slices.Contains(t.Fields, attemptLog)} }

// Results streams a batch's items to stdout. Damaged items are an error after the others are shown.
func Results(ctx context.Context, t *terminal.IO, s *session.Session, batch string, show Filter) error {
	var damaged Damage
	shown, err := terminal.Stream(t, render.Results(), results(ctx, s, batch, show, &damaged))
	if err != nil {
		return err
	}
	if shown == 0 && damaged.n == 0 {
		t.Infof("%s", NoResultsText(batch, show.States))
	}
	return damaged.Err(t, batch, "the others are shown")
}

// results reads the results that the filter chooses. Damaged items are collected.
func results(ctx context.Context, s *session.Session, batch string, show Filter, damaged *Damage) iter.Seq2[tasks.Result, error] {
	return func(yield func(tasks.Result, error) bool) {
		for item, err := range s.Ledger.Items(ctx, batch) {
			if err == nil && !show.Wants(item) {
				continue
			}
			var result tasks.Result
			if err == nil {
				result, err = Result(ctx, s, item, show.Attempts, damaged)
			}
			if damaged.Skip(err) {
				continue
			}
			if !yield(result, err) || err != nil {
				return
			}
		}
	}
}

// Result is an item's result, on request with the log of its requests. A log that cannot be read is collected.
func Result(ctx context.Context, s *session.Session, item ledger.Item, attempts bool, damaged *Damage) (tasks.Result, error) {
	result, err := tasks.ResultOf(item)
	if err != nil || !attempts {
		return result, err
	}
	log, err := s.Ledger.Attempts(ctx, item)
	if err != nil && !damaged.Skip(err) {
		return result, err
	}
	return result.WithLog(log), nil
}

// NoResultsText says why there are no results.
func NoResultsText(batch string, states []string) string {
	if len(states) > 0 {
		return fmt.Sprintf("no item of batch %s is in state %s; `enqueue status %s` counts them", batch, strings.Join(states, " or "), shell.Operand(batch))
	}
	return fmt.Sprintf("batch %s has no items", batch)
}
