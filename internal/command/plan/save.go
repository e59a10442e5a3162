package plan

import (
	"context"
	"path/filepath"

	"havip/internal/cli"
	"havip/internal/intake"
	"havip/internal/plan"
	"havip/internal/session"
)

// saver saves a plan while it is made, or does nothing without --out.
type saver struct{ w *plan.Writer }

// newSaver is called before the comparison, so that an unusable name is an error at once.
func newSaver(ctx context.Context, f *session.Factory, s *session.Session, in *intake.Input, opts options) (*saver, error) {
	if opts.out == "" {
		return &saver{}, nil
	}
	header, err := headerOf(ctx, f, s, in, opts)
	if err != nil {
		return nil, err
	}
	w, err := plan.Save(opts.out, header)
	if err != nil {
		return nil, cli.Failf(cli.ExitUsage, "--out: %w", err)
	}
	return &saver{w}, nil
}

func (v *saver) row(r plan.Row) error {
	if v.w == nil {
		return nil
	}
	return v.w.Write(r)
}

// finish renames the plan to its name, or removes it if it could not be made or the file cannot be applied.
func (v *saver) finish(good bool) error {
	switch {
	case v.w == nil:
		return nil
	case good:
		return v.w.Commit()
	default:
		return v.w.Abort()
	}
}

// headerOf returns the plan's header.
func headerOf(ctx context.Context, f *session.Factory, s *session.Session, in *intake.Input, opts options) (plan.Header, error) {
	h := plan.Header{
		Batch: in.Batch, Region: f.Region, Live: opts.live, AllowDuplicates: opts.file.AllowDuplicates,
		AllowUnknownRegion: opts.file.AllowUnknownRegion, MadeBy: session.Author(),
		Source: plan.Source{Name: in.Name, Format: opts.file.Format, SHA256: in.Hash},
	}
	if in.File.BatchName() != "" { // else it has no file
		path, err := filepath.Abs(opts.path)
		if err != nil {
			return h, err
		}
		h.Source.Path = path
	}
	var err error
	if h.Ledger, err = intake.LedgerOf(ctx, f, s, in.Batch); err != nil {
		return h, err
	}
	h.MadeAt, err = s.Redis.Time(ctx).Result()
	return h, err
}
