package tasks

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"havip/ledger"
	"havip/lifecycle"
)

// Apply registers the rows in the batch, enqueues a task for each row that needs one, and commits the batch. It passes each chunk of
// answers to observe, which may be nil.
//
// After a crash or an error, call it again with the same rows. A row that conflicts is reported, and the registered item is not changed;
// call [Producer.Compare] first to refuse a whole file.
func (p *Producer) Apply(ctx context.Context, batch string, source ledger.Source, rows iter.Seq2[Row, error], observe func([]Comparison)) error {
	if rule := ValidateBatch(batch); rule != "" {
		return FieldError{Field: "batch", Value: batch, Rule: rule}
	}
	if observe == nil {
		observe = func([]Comparison) {}
	}
	if err := p.put(ctx, batch, source, rows, observe); err != nil {
		return err
	}
	if source.OnComplete != "" { // before the commit, which may complete it
		if err := p.ledger.SetOnComplete(ctx, batch, source.OnComplete); err != nil {
			return err
		}
	}
	return p.ledger.Commit(ctx, batch)
}

// maxPendingChunks is how many chunks are being enqueued while another is registered: with only one, Redis would be idle whenever a chunk ends.
const maxPendingChunks = 2

// put runs the steps for each chunk in the order in which a crash loses nothing: claim tokens and requests, register items, enqueue tasks, and then mark
// them as enqueued. It registers the next chunk while the tasks of earlier chunks are being enqueued.
func (p *Producer) put(ctx context.Context, batch string, source ledger.Source, rows iter.Seq2[Row, error], observe func([]Comparison)) error {
	var queueing pendingChunks
	total := 0
	for chunk, err := range chunks(rows) {
		var answers []Comparison
		if err == nil {
			answers, err = p.register(ctx, batch, source, chunk)
		}
		if err != nil {
			return cmp.Or(queueing.wait(0), err)
		}
		if err := queueing.wait(maxPendingChunks - 1); err != nil {
			return err
		}
		total += len(answers)
		queueing = append(queueing, p.startQueueing(ctx, batch, answers, total, observe))
	}
	return queueing.wait(0)
}

// pendingChunks are the chunks that are being enqueued, oldest first; each function waits for one.
type pendingChunks []func() error

// wait waits until at most limit chunks are pending, or none after an error. It returns the first error.
func (u *pendingChunks) wait(limit int) error {
	var first error
	for len(*u) > limit || first != nil && len(*u) > 0 {
		first = cmp.Or(first, (*u)[0]())
		*u = (*u)[1:]
	}
	return first
}

// startQueueing starts to enqueue the chunk's missing tasks. The returned function waits until they are enqueued and
// passes the answers to observe.
func (p *Producer) startQueueing(ctx context.Context, batch string, answers []Comparison, total int, observe func([]Comparison)) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- p.queueMissing(ctx, batch, answers, total) }()
	return func() error {
		err := <-done
		if err == nil {
			observe(answers)
		}
		return err
	}
}

// register claims the rows' tokens and requests, and registers the rows.
func (p *Producer) register(ctx context.Context, batch string, source ledger.Source, rows []Row) ([]Comparison, error) {
	for _, row := range rows {
		if faults := row.Item.Validate(); len(faults) > 0 {
			return nil, fmt.Errorf("item %q: %w", row.Item.Key, faults[0])
		}
	}
	if err := p.claim(ctx, batch, rows); err != nil {
		return nil, err
	}
	if err := p.claimRequests(ctx, batch, rows, p.RefuseDuplicates); err != nil {
		return nil, err
	}
	answers, err := p.ledger.Register(ctx, batch, source, specsOf(batch, rows))
	if err != nil {
		return nil, err
	}
	comparisons := make([]Comparison, len(rows))
	for i, answer := range answers {
		comparisons[i] = Comparison{Row: rows[i], Registration: answer}
	}
	return comparisons, nil
}

// queueMissing enqueues the tasks of registered items that lack one, and marks them as enqueued. The batch has total items so
// far.
func (p *Producer) queueMissing(ctx context.Context, batch string, answers []Comparison, total int) error {
	var missing []Comparison
	var keys []string
	for _, answer := range answers {
		if answer.Result == lifecycle.RegisteredNew || answer.Result == lifecycle.RegisteredRepair {
			if answer.Result == lifecycle.RegisteredRepair {
				answer.Row.Item.Priority = Priority(answer.Priority)
			}
			missing, keys = append(missing, answer), append(keys, answer.Row.Item.Key)
		}
	}
	if err := p.enqueue(ctx, batch, missing); err != nil {
		return err
	}
	if err := p.moveForward(ctx, missing, total); err != nil {
		return err
	}
	return p.ledger.MarkEnqueued(ctx, batch, keys)
}
