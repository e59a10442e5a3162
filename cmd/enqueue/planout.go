package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"havip/internal/cli"
	"havip/internal/plan"
	"havip/internal/redisconn"
	"havip/internal/session"
	"havip/ledger"
)

// planSaver saves a plan while it is drawn up, or does nothing without a file to save it in.
type planSaver struct{ w *plan.Writer }

// newPlanSaver begins before anything is compared, so that a name which is no good is told at once.
func (a *app) newPlanSaver(ctx context.Context, s *session.Session, in *input, flags planFlags) (*planSaver, error) {
	if flags.out == "" {
		return &planSaver{}, nil
	}
	header, err := a.headerOf(ctx, s, in, flags)
	if err != nil {
		return nil, err
	}
	w, err := plan.Save(flags.out, header)
	if err != nil {
		return nil, cli.Failf(cli.ExitUsage, "--out: %w", err)
	}
	return &planSaver{w}, nil
}

func (p *planSaver) row(r plan.Row) error {
	if p.w == nil {
		return nil
	}
	return p.w.Write(r)
}

// finish puts the plan under its name; or gives it up where the file cannot be applied, or the plan
// could not be made.
func (p *planSaver) finish(good bool) error {
	switch {
	case p.w == nil:
		return nil
	case good:
		return p.w.Commit()
	default:
		return p.w.Abort()
	}
}

// headerOf says what the plan is made of, and against what.
func (a *app) headerOf(ctx context.Context, s *session.Session, in *input, flags planFlags) (plan.Header, error) {
	h := plan.Header{
		Batch: in.batch, Region: a.Region, Live: flags.live, MadeBy: session.Author(),
		Source: plan.Source{Name: in.name, Format: flags.format, SHA256: in.hash},
	}
	if in.file.BatchName() != "" { // else it has no file
		path, err := filepath.Abs(flags.path)
		if err != nil {
			return h, err
		}
		h.Source.Path = path
	}
	var err error
	if h.Ledger, err = a.ledgerOf(ctx, s, in.batch); err != nil {
		return h, err
	}
	h.MadeAt, err = s.Redis.Time(ctx).Result()
	return h, err
}

// ledgerOf tells this ledger from others.
func (a *app) ledgerOf(ctx context.Context, s *session.Session, batch string) (plan.Ledger, error) {
	options, err := redisconn.Parse(a.RedisURL)
	if err != nil {
		return plan.Ledger{}, err
	}
	known := plan.Ledger{Redis: fmt.Sprintf("%s, database %d", options, options.DB)}
	b, err := s.Ledger.Batch(ctx, batch)
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		known.BatchPast, err = s.Ledger.ForgottenGeneration(ctx, batch)
		return known, err
	}
	known.BatchSince, known.BatchPast = b.CreatedAt, b.ForgottenGeneration
	return known, err
}
