package main

import (
	"context"
	"fmt"
	"time"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// holds reports whether the batch is held, and has something left that this is about.
func holds(b ledger.Batch) bool { return b.Pause != nil && !b.Done() }

// heldLine says since when a batch is held, by whom or what for, and what to do.
func heldLine(b ledger.Batch) string {
	goOn := fmt.Sprintf("`enqueue resume --batch %s` lets it go on", shell.Quote(b.Name))
	if !b.Pause.ByFailures() {
		return fmt.Sprintf("batch %s is paused, %s; %s", b.Name, setBy(b.Pause.At.Time(), b.Pause.By, b.Pause.Reason, time.Now()), goOn)
	}
	return fmt.Sprintf("%s; `enqueue results %s --state rejected,review` tells why, %s", stopLine(b), shell.Quote(b.Name), goOn)
}

// stopLine says what failures a batch is held for.
func stopLine(b ledger.Batch) string {
	h := b.Pause
	return fmt.Sprintf("batch %s has been held for %s: %s of %s failed, and more than %s are not wanted",
		b.Name, words.Time(time.Since(h.At.Time())), words.Number(h.Failed), words.Count(h.Total, "item", "items"), render.Printable(h.Limit.String()))
}

func (a *app) sayHeld(b ledger.Batch) {
	if holds(b) {
		a.Infof("%s", heldLine(b))
	}
}

// errStopped is the end of waiting for a batch that its failures stopped: nothing moves until somebody
// acts. GoOn is how, where it is not by resume.
func errStopped(b ledger.Batch, goOn string) error {
	what := heldLine(b)
	if goOn != "" {
		what = stopLine(b) + "; " + goOn
	}
	return cli.Failf(cli.ExitItemsFailed, "%s; its items: %s", what, countsLine(b))
}

// heldItem ends the waiting for one item of a held batch.
func (a *app) heldItem(ctx context.Context, s *session.Session, batch string) error {
	b, err := s.Ledger.Batch(ctx, batch)
	switch {
	case err != nil:
		return err
	case b.Pause != nil && !b.Pause.ByFailures():
		return cli.Failf(cli.ExitPending, "the item is held with its batch: %s", heldLine(b))
	case b.Pause != nil:
		return errStopped(b, "")
	}
	return nil
}

// holdView is a hold as -o json and ndjson show it.
type holdView struct {
	Since time.Time `json:"since"`
	// By and Reason are a person's, the others of failures.
	By     string `json:"by"`
	Reason string `json:"reason"`
	Limit  string `json:"limit"`
	Failed int64  `json:"failed"`
}

func viewOfHold(h *ledger.Pause) *holdView {
	if h == nil {
		return nil
	}
	return &holdView{Since: h.At.Time(), By: h.By, Reason: h.Reason, Limit: string(h.Limit), Failed: h.Failed}
}
