package plan

import (
	"context"
	"iter"

	"havip/ledger"
	"havip/tasks"
)

// Row is a row of a file and what apply would do with it.
type Row struct {
	tasks.Row
	Action Action
	// State is the item's in the ledger; queued if it is not there.
	State   ledger.State
	Concern Concern
	// Duplicate is another item with the same request; nil without, and in a saved plan.
	Duplicate *tasks.Duplicate
}

// Comparer compares rows with the ledger; [*tasks.Producer] implements it.
type Comparer interface {
	Compare(ctx context.Context, batch string, rows iter.Seq2[tasks.Row, error]) iter.Seq2[tasks.Comparison, error]
}

// Items reads items of the ledger; [*ledger.Ledger] implements it.
type Items interface {
	Some(ctx context.Context, batch string, keys []string) ([]ledger.Item, error)
	ForgottenGeneration(ctx context.Context, batch string) (int, error)
}

// Planner computes what apply would do with a file's rows. Ledger is required.
type Planner struct {
	Ledger Comparer
	// Survey, if set, also compares with BCE; Items is then required.
	Survey *Survey
	Items  Items
	// AllowDuplicates allows rows whose request another item has already.
	AllowDuplicates bool
}

// Rows yields the rows in order, each with its action and concern, and changes nothing. The first error
// ends it.
func (p *Planner) Rows(ctx context.Context, batch string, rows iter.Seq2[tasks.Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		forgotten, err := p.forgottenGeneration(ctx, batch)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for c, err := range p.candidates(ctx, batch, rows) {
			var row Row
			if err == nil {
				row, err = p.evaluate(ctx, ledger.Owner{Batch: batch, Key: c.Row.Item.Key, ForgottenGeneration: forgotten}, c)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// forgottenGeneration distinguishes the rows' HaVIPs from those of a deleted batch of the same name.
func (p *Planner) forgottenGeneration(ctx context.Context, batch string) (int, error) {
	if p.Survey == nil {
		return 0, nil
	}
	return p.Items.ForgottenGeneration(ctx, batch)
}

func (p *Planner) evaluate(ctx context.Context, self ledger.Owner, c candidate) (Row, error) {
	row := Row{Row: c.Row, Action: p.actionOf(c.Comparison), State: c.State, Duplicate: c.Duplicate}
	var err error
	if p.Survey != nil && row.Action.open() {
		row.Concern, err = p.Survey.evaluate(ctx, self, c)
		if err != nil || row.Concern.Kind != "" {
			return row, err
		}
	}
	row.Concern, err = ledgerConcern(self.Batch, row.Action, c.Comparison)
	return row, err
}

// candidate is a compared row, with its item's record if BCE is compared with.
type candidate struct {
	tasks.Comparison
	// record is nil if the item is not in the ledger.
	record *ledger.Record
}

// lookAhead is how many rows are compared before the records of those in progress are read.
const lookAhead = 500

// candidates compares the rows. With a Survey, it adds the records of items in progress, which say what
// an item may have created.
func (p *Planner) candidates(ctx context.Context, batch string, rows iter.Seq2[tasks.Row, error]) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		chunk := make([]candidate, 0, lookAhead)
		flush := func() bool {
			err := p.fill(ctx, batch, chunk)
			for _, c := range chunk {
				if err == nil && !yield(c, nil) {
					return false
				}
			}
			chunk = chunk[:0]
			return err == nil || (yield(candidate{}, err) && false)
		}
		for c, err := range p.Ledger.Compare(ctx, batch, rows) {
			if err != nil {
				if flush() {
					yield(candidate{}, err)
				}
				return
			}
			if chunk = append(chunk, candidate{Comparison: c}); len(chunk) == lookAhead && !flush() {
				return
			}
		}
		flush()
	}
}

// fill adds the records of the items in progress.
func (p *Planner) fill(ctx context.Context, batch string, chunk []candidate) error {
	if p.Survey == nil {
		return nil
	}
	places := map[string]int{}
	var keys []string
	for i, c := range chunk {
		if action := p.actionOf(c.Comparison); action == Requeue || action == Running {
			places[c.Row.Item.Key] = i
			keys = append(keys, c.Row.Item.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	items, err := p.Items.Some(ctx, batch, keys)
	for _, item := range items {
		chunk[places[item.Key]].record = &item.Record
	}
	return err
}
