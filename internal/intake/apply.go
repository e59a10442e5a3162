package intake

import (
	"context"
	"fmt"

	"havip/internal/durability"
	"havip/internal/plan"
	"havip/internal/session"
	"havip/internal/words"
	"havip/tasks"
)

// Apply compares the rows with the ledger, asks for confirmation unless yes, and enqueues what is missing. It
// is the same for a file and for a saved plan, which is refused if the ledger has changed since. Killed at
// any moment, it can be repeated.
func Apply(ctx context.Context, f *session.Factory, s *session.Session, in *Input, durable durability.Verifier, yes bool) error {
	defer collectAt(f.Getenv, producingGC)()
	counts, err := in.compare(ctx, f, s)
	if err != nil {
		return err
	}
	if err := in.confirm(ctx, f, counts, yes); err != nil {
		return err
	}
	return durable.Change(ctx, f, s, durability.Batch(in.Batch), func() error {
		if in.saved != nil && !in.saved.begun && counts.Enqueue > 0 {
			if err := in.saved.Begin(ctx, s.Ledger, session.Author(), int64(counts.Enqueue)); err != nil {
				return err
			}
		}
		return in.enqueue(ctx, f, s, counts)
	})
}

// compare counts how the rows stand to the ledger. A file with a conflict is refused, and so is a plan with a
// row that does not stand as it was planned.
func (in *Input) compare(ctx context.Context, f *session.Factory, s *session.Session) (plan.Counts, error) {
	items, concern := in.Items, func(row plan.Row) plan.Concern { return row.Concern }
	if in.saved != nil {
		if err := in.saved.check(ctx, f, s); err != nil {
			return plan.Counts{}, err
		}
		items, concern = in.saved.comparedItems, in.saved.stale
	}
	var counts plan.Counts
	var attention Attention
	planner := plan.Planner{Ledger: tasks.NewProducer(s.Ledger, nil)}
	for row, err := range planner.Rows(ctx, in.Batch, items(ctx)) {
		if err != nil {
			return counts, err
		}
		counts.Add(row)
		if row.Concern = concern(row); row.Concern.Why != "" {
			attention.Add(row)
		}
	}
	return counts, in.refuse(f, counts, attention)
}

// refuse is the error of rows that cannot be applied, after they are shown.
func (in *Input) refuse(f *session.Factory, counts plan.Counts, attention Attention) error {
	name, err, show := in.Name, ConflictError(counts, in.Name), f.Errorf
	if in.saved != nil {
		name, err, show = in.saved.Source.Name, nil, f.Infof
		if attention.Total > 0 {
			err = in.saved.staleError("%s otherwise than planned", words.Count(attention.Total, "row stands", "rows stand"))
		}
	}
	if err == nil {
		return nil
	}
	for _, row := range attention.Rows {
		show("%s:%d: %q: %s", name, row.Line, row.Item.Key, row.Concern.Why)
	}
	return err
}

// confirm asks on a terminal before anything is enqueued, unless yes, or the input itself is what a terminal
// would answer with.
func (in *Input) confirm(ctx context.Context, f *session.Factory, counts plan.Counts, yes bool) error {
	f.Infof("%s", Summary(counts))
	if yes || counts.Enqueue == 0 || in.stdin || !f.CanAsk() {
		return nil
	}
	return f.Ask(ctx, "Enqueue them?", "nothing was enqueued")
}

// enqueue enqueues the rows that the ledger does not have, under the failure limit that is given.
func (in *Input) enqueue(ctx context.Context, f *session.Factory, s *session.Session, counts plan.Counts) error {
	producer, release, err := s.Producer()
	if err != nil {
		return err
	}
	defer release()
	if err := in.limit.Apply(ctx, s, in.Batch); err != nil {
		return err
	}
	var done tally
	bar := f.NewBar("enqueue", 0, int64(in.rows))
	defer bar.Finish()
	err = producer.Apply(ctx, in.Batch, in.source, in.Items(ctx), func(answers []tasks.Comparison) {
		done.add(answers)
		bar.Set(done.total())
	})
	bar.Finish()
	if err != nil {
		return fmt.Errorf("%w; %s of %s registered so far; run the same command again to go on", err, words.Number(done.total()), words.Count(in.rows, "row", "rows"))
	}
	if err := in.limit.Apply(ctx, s, in.Batch); err != nil { // another producer may just have made the batch
		return err
	}
	f.Infof("batch %s: %s", in.Batch, done)
	if done.created+done.requeued == 0 {
		Ended(f.IO, in.Batch, counts)
	}
	return done.conflictError(in.Name)
}
