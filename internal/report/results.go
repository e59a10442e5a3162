package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/tasks"
)

// Filter is what to show of a batch's items.
type Filter struct {
	// States are the only ones to show; nil for all. Attempts is whether to show every request sent.
	States   []string
	Attempts bool
}

// Results streams a batch's items to stdout. Damaged items are an error after the others are shown.
func Results(ctx context.Context, t *terminal.IO, s *session.Session, batch string, show Filter) error {
	out := terminal.Writer(t, render.Results())
	shown := 0
	var damaged Damage
	for item, err := range s.Ledger.Items(ctx, batch) {
		if damaged.Skip(err) {
			continue
		}
		if err != nil {
			return err
		}
		if len(show.States) > 0 && !slices.Contains(show.States, string(item.Record.State)) {
			continue
		}
		result, err := tasks.ResultOf(item)
		if damaged.Skip(err) {
			continue
		}
		if err != nil {
			return err
		}
		if show.Attempts {
			attempts, err := s.Ledger.Attempts(ctx, item)
			if err != nil && !damaged.Skip(err) {
				return err
			}
			result = result.WithLog(attempts)
		}
		if err := out.Write(result); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
		shown++
	}
	if shown == 0 && damaged.n == 0 {
		t.Infof("%s", nothingOf(batch, show.States))
	}
	if err := out.Close(); err != nil {
		return err
	}
	return damaged.Err(t, batch, "the others are shown")
}

// nothingOf says why there are no results.
func nothingOf(batch string, states []string) string {
	if len(states) > 0 {
		return fmt.Sprintf("no item of batch %s is in state %s; `enqueue status %s` counts them", batch, strings.Join(states, " or "), shell.Quote(batch))
	}
	return fmt.Sprintf("batch %s has no items", batch)
}
