package main

import (
	"context"
	"fmt"
	"path/filepath"

	"havip/internal/cli"
	"havip/internal/plan"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// afterPlan tells how to go on, and what is probably a mistake.
func (a *app) afterPlan(ctx context.Context, s *session.Session, in *input, counts plan.Counts, next string) error {
	if counts.Enqueue > 0 {
		if err := a.sayNamesakes(ctx, s, in); err != nil {
			return err
		}
		a.Infof("do it with `%s`", next)
	}
	a.sayEnded(in.batch, counts)
	return nil
}

// sayNamesakes tells of other batches that were made of a file of this name: under another batch's
// name, the same file asks for as many HaVIPs again.
func (a *app) sayNamesakes(ctx context.Context, s *session.Session, in *input) error {
	batches, err := s.Ledger.Batches(ctx)
	if err != nil {
		return err
	}
	base := filepath.Base(in.name)
	for _, b := range batches {
		if b.Name != in.batch && in.file.BatchName() != "" && filepath.Base(b.Source.File) == base {
			a.Infof("note: batch %s was made of a file of this name, %s; if it is meant, pass --batch %s, for another batch creates everything again",
				shell.Quote(b.Name), shell.Quote(b.Source.File), shell.Quote(b.Name))
		}
	}
	return nil
}

// nextCommand is how the plan is carried out.
func (a *app) nextCommand(in *input, flags planFlags) string {
	if flags.out != "" {
		return "enqueue apply " + shell.Quote(flags.out)
	}
	return fmt.Sprintf("enqueue apply %s --batch %s", shell.Quote(flags.path), shell.Quote(in.batch)) + fileOptions(flags.format, a.Region)
}

// fileOptions are the flags that a file is read with, where they are not the defaults.
func fileOptions(format, region string) string {
	text := ""
	if format != "" {
		text += " --format " + shell.Quote(format)
	}
	if region != cli.DefaultRegion {
		text += " --region " + shell.Quote(region)
	}
	return text
}

// sayEnded tells what brings back rows that ended without a HaVIP, and that apply leaves alone.
func (a *app) sayEnded(batch string, counts plan.Counts) {
	for _, state := range ledger.States() {
		if n := counts.Ended[state]; n > 0 {
			a.Infof("%s %s before, and left alone; `enqueue retry %s --where state=%s` takes up such items again",
				words.Count(n, "item was", "items were"), ended(state), shell.Quote(batch), state)
		}
	}
}

// ended says in a word how an item ended that has no HaVIP.
func ended(state ledger.State) string {
	if state == ledger.Review {
		return "put up for review"
	}
	return string(state)
}
