package plan

import (
	"context"
	"path/filepath"

	"havip/internal/intake"
	"havip/internal/plan"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
)

// showNext says how to apply the plan, and reports probable mistakes.
func showNext(ctx context.Context, f *session.Factory, s *session.Session, in *intake.Input, counts plan.Counts, opts options) error {
	if counts.Enqueue > 0 {
		if err := showNamesakes(ctx, f.IO, s, in); err != nil {
			return err
		}
		f.Infof("to apply it, run `%s`", nextCommand(f, in, opts))
	}
	intake.Ended(f.IO, in.Batch, counts)
	return nil
}

// showNamesakes reports other batches that were created from a file of this name: under another batch's name, the
// same file creates everything again.
func showNamesakes(ctx context.Context, t *terminal.IO, s *session.Session, in *intake.Input) error {
	batches, err := s.Ledger.Batches(ctx)
	if err != nil {
		return err
	}
	base := filepath.Base(in.Name)
	for _, b := range batches {
		if b.Name != in.Batch && in.File.BatchName() != "" && filepath.Base(b.Source.File) == base {
			t.Infof("note: batch %s was created from a file of this name, %s; if you mean that batch, pass --batch %s: another batch creates everything again",
				shell.Quote(b.Name), shell.Quote(b.Source.File), shell.Quote(b.Name))
		}
	}
	return nil
}

// nextCommand returns the command that applies the plan.
func nextCommand(f *session.Factory, in *intake.Input, opts options) string {
	if opts.out != "" {
		return "enqueue apply " + shell.Operand(opts.out)
	}
	flags := opts.file
	flags.Batch = in.Batch
	return "enqueue apply " + shell.Operand(opts.path, intake.FileOptions(flags, f.Region)...)
}
