package plan

import (
	"context"
	"errors"
	"slices"

	"havip/ledger"
)

// Marks are where applying a plan leaves its mark; [*ledger.Ledger] is one.
type Marks interface {
	Batch(ctx context.Context, name string) (ledger.Batch, error)
	Acts(ctx context.Context, batch, before string) ([]ledger.Event, error)
	Note(ctx context.Context, batch string, act ledger.Act) error
}

// applyAct is what applying a saved plan is called in a batch's events.
const applyAct = "apply"

// Begun reports whether an earlier run has begun to apply the plan.
func (f *File) Begun(ctx context.Context, marks Marks) (bool, error) {
	b, err := marks.Batch(ctx, f.Batch)
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		return false, nil
	}
	if err != nil || b.Source.Plan == f.ID {
		return err == nil, err
	}
	acts, err := marks.Acts(ctx, f.Batch, "")
	return slices.ContainsFunc(acts, func(act ledger.Event) bool {
		return act.Kind == applyAct && act.Detail == f.mark()
	}), err
}

// Begin leaves the plan's mark before its first item is registered: killed after that and run again, it
// knows its own items. A batch that is new gets the mark with its first item, as its source's plan.
func (f *File) Begin(ctx context.Context, marks Marks, by string, items int64) error {
	err := marks.Note(ctx, f.Batch, ledger.Act{Kind: applyAct, By: by, Items: items, Detail: f.mark()})
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		return nil
	}
	return err
}

func (f *File) mark() string { return "plan " + f.ID }
