package plan

import (
	"context"
	"errors"
	"slices"

	"havip/ledger"
)

// Marks records that a plan is being applied; [*ledger.Ledger] implements it.
type Marks interface {
	Batch(ctx context.Context, name string) (ledger.Batch, error)
	Acts(ctx context.Context, batch, before string) ([]ledger.Event, error)
	Note(ctx context.Context, batch string, act ledger.Act) error
}

// applyAct is the name of applying a saved plan in a batch's events.
const applyAct = "apply"

// Begun reports whether an earlier run started to apply the plan.
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

// Begin records the plan before its first item is registered, so that a run after a crash recognizes
// its own items. A new batch records it with its first item, as its source's plan.
func (f *File) Begin(ctx context.Context, marks Marks, by string, items int64) error {
	err := marks.Note(ctx, f.Batch, ledger.Act{Kind: applyAct, By: by, Items: items, Detail: f.mark()})
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		return nil
	}
	return err
}

func (f *File) mark() string { return "plan " + f.ID }
