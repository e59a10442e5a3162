package plan

import (
	"context"
	"iter"

	"havip/ledger"
	"havip/tasks"
)

// Row is a row of a file, and how it stands.
type Row struct {
	tasks.Row
	Action Action
	// State is the item's in the ledger; queued where the ledger does not know it.
	State   ledger.State
	Concern Concern
}

// Comparer tells how rows stand to the ledger; [*tasks.Producer] is one.
type Comparer interface {
	Compare(ctx context.Context, batch string, rows iter.Seq2[tasks.Row, error]) iter.Seq2[tasks.Comparison, error]
}

// Items reads items of the ledger; [*ledger.Ledger] is one.
type Items interface {
	Some(ctx context.Context, batch string, keys []string) ([]ledger.Item, error)
	ForgottenGeneration(ctx context.Context, batch string) (int, error)
}

// Planner tells how the rows of a file stand. Ledger is required.
type Planner struct {
	Ledger Comparer
	// Survey, if set, compares with BCE as well; Items is then required.
	Survey *Survey
	Items  Items
	// AllowDuplicates has rows created although an item of another batch has the same request.
	AllowDuplicates bool
}

// Rows tells how each row stands, in their order, and changes nothing. The stream ends with the first
// error.
func (p *Planner) Rows(ctx context.Context, batch string, rows iter.Seq2[tasks.Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		past, err := p.past(ctx, batch)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for c, err := range p.candidates(ctx, batch, rows) {
			var row Row
			if err == nil {
				row, err = p.judge(ctx, ledger.Owner{Batch: batch, Key: c.Row.Item.Key, ForgottenGeneration: past}, c)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// past is what tells the rows' HaVIPs from those of a batch of the name that was forgotten.
func (p *Planner) past(ctx context.Context, batch string) (int, error) {
	if p.Survey == nil {
		return 0, nil
	}
	return p.Items.ForgottenGeneration(ctx, batch)
}

func (p *Planner) judge(ctx context.Context, self ledger.Owner, c candidate) (Row, error) {
	row := Row{Row: c.Row, Action: p.actionOf(c.Comparison), State: c.State}
	var err error
	if p.Survey != nil && row.Action.open() {
		row.Concern, err = p.Survey.judge(ctx, self, c)
		if err != nil || row.Concern.Kind != "" {
			return row, err
		}
	}
	row.Concern, err = standing(row.Action, c.Comparison)
	return row, err
}

// candidate is a compared row, with what became of its item so far where that is of interest.
type candidate struct {
	tasks.Comparison
	// record is nil for an item that the ledger does not know.
	record *ledger.Record
}

// lookAhead is how many rows are read before the records of those under way are asked for.
const lookAhead = 500

// candidates compares the rows. The records of items under way come with them when BCE is to be
// compared with: only they tell what an item may have created.
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

// fill adds the records of the items that are under way.
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
