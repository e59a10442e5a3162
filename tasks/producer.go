package tasks

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	"havip/internal/fairqueue"
	"havip/ledger"
	"havip/lifecycle"
)

// Row is one item of a producer's file.
type Row struct {
	// Line is its line in the file, from 1; 0 without a file.
	Line int
	Item Item
}

// ProducerLedger is what a [Producer] uses of [*ledger.Ledger].
type ProducerLedger interface {
	Register(ctx context.Context, batch string, source ledger.Source, specs []ledger.Spec) ([]ledger.Registration, error)
	Compare(ctx context.Context, batch string, specs []ledger.Spec) ([]ledger.Registration, error)
	MarkEnqueued(ctx context.Context, batch string, keys []string) error
	SetOnComplete(ctx context.Context, batch, url string) error
	Commit(ctx context.Context, batch string) error
	ClaimTokens(ctx context.Context, claims []ledger.TokenClaim) error
	TokenOwners(ctx context.Context, claims []ledger.TokenClaim) ([]ledger.Owner, error)
	ClaimRequests(ctx context.Context, claims []ledger.RequestClaim) ([]ledger.RequestOwner, error)
	RequestOwners(ctx context.Context, claims []ledger.RequestClaim) ([]ledger.RequestOwner, error)
	OfDeletedBatches(ctx context.Context, owners []ledger.Owner) (map[ledger.Owner]bool, error)
	Some(ctx context.Context, batch string, keys []string) ([]ledger.Item, error)
	Reserved(ctx context.Context, batch string) error
}

const (
	// enqueueChunk is how many items are registered, enqueued and marked at a time, and enqueueParallel how many of
	// them are enqueued in parallel.
	enqueueChunk    = fairqueue.Most
	enqueueParallel = 128

	// mostForward is how many tasks of a batch are moved forward past those of larger ones.
	mostForward = 10_000
)

// Producer registers items in the ledger and enqueues their tasks. It is safe for concurrent use and safe to repeat: a
// registered item is not created again.
type Producer struct {
	// RefuseDuplicates makes [Producer.Apply] return a [*DuplicateError] instead of registering a new item with the
	// request of another batch's item. Two producers that start at the same time may miss each other's items.
	RefuseDuplicates bool

	ledger ProducerLedger
	tasks  transport
}

// NewProducer returns a producer for the given ledger and queue. Scripts is the queue's Redis; with nil, the tasks of small batches
// wait behind those of large ones.
func NewProducer(records ProducerLedger, queue Queue, scripts redis.Scripter) *Producer {
	return &Producer{ledger: records, tasks: asynqTransport{queue: queue, scripts: scripts}}
}

// NewComparer returns a producer that only compares: it has no queue.
func NewComparer(records ProducerLedger) *Producer { return &Producer{ledger: records} }

// Comparison is the result of comparing a row with the ledger.
type Comparison struct {
	Row Row
	ledger.Registration
	// TokenOwner is the other item that owns the row's clientToken, if any; the result is then RegisteredConflict.
	TokenOwner *ledger.Owner
	// Duplicate is another item with the same request, if the row would be new. Only [Producer.Compare] sets it.
	Duplicate *Duplicate
}

// Compare compares each row with the ledger and changes nothing. The sequence ends with the first error.
func (p *Producer) Compare(ctx context.Context, batch string, rows iter.Seq2[Row, error]) iter.Seq2[Comparison, error] {
	return func(yield func(Comparison, error) bool) {
		for chunk, err := range chunks(rows) {
			var comparisons []Comparison
			if err == nil {
				comparisons, err = p.compare(ctx, batch, chunk)
			}
			if err != nil {
				yield(Comparison{}, err)
				return
			}
			for _, comparison := range comparisons {
				if !yield(comparison, nil) {
					return
				}
			}
		}
	}
}

func (p *Producer) compare(ctx context.Context, batch string, rows []Row) ([]Comparison, error) {
	answers, err := p.ledger.Compare(ctx, batch, specsOf(batch, rows))
	if err != nil {
		return nil, err
	}
	comparisons := make([]Comparison, len(rows))
	for i, answer := range answers {
		comparisons[i] = Comparison{Row: rows[i], Registration: answer}
	}
	claims := claimsOf(batch, rows)
	owners, err := p.ledger.TokenOwners(ctx, claims)
	if err != nil {
		return nil, err
	}
	taken := map[string]*ledger.Owner{}
	for i, claim := range claims {
		if owner := owners[i]; owner != (ledger.Owner{}) && owner != (ledger.Owner{Batch: batch, Key: claim.Key}) {
			taken[claim.Key] = &owner
		}
	}
	for i := range comparisons {
		if owner := taken[comparisons[i].Row.Item.Key]; owner != nil {
			comparisons[i].Result, comparisons[i].TokenOwner = lifecycle.RegisteredConflict, owner
		}
	}
	return comparisons, p.findDuplicates(ctx, batch, comparisons)
}

// Enqueue registers and enqueues one item; see [Producer.Apply] for many.
func (p *Producer) Enqueue(ctx context.Context, batch string, item Item) (Comparison, error) {
	var answer Comparison
	one := func(yield func(Row, error) bool) { yield(Row{Item: item}, nil) }
	err := p.Apply(ctx, batch, ledger.Source{}, one, func(answers []Comparison) { answer = answers[0] })
	return answer, err
}

// claim claims the tokens of new items. A row that conflicts claims none, because no item would then use its token.
func (p *Producer) claim(ctx context.Context, batch string, rows []Row) error {
	bringing := slices.DeleteFunc(slices.Clone(rows), func(row Row) bool { return row.Item.ClientToken == "" })
	if len(bringing) == 0 {
		return nil
	}
	answers, err := p.ledger.Compare(ctx, batch, specsOf(batch, bringing))
	if err != nil {
		return err
	}
	var fresh []Row
	for i, answer := range answers {
		if answer.Result == lifecycle.RegisteredNew {
			fresh = append(fresh, bringing[i])
		}
	}
	return p.ledger.ClaimTokens(ctx, claimsOf(batch, fresh))
}

// enqueue enqueues the items' tasks, many at once. After an error, enqueued tasks are found again by their task IDs.
func (p *Producer) enqueue(ctx context.Context, batch string, items []Comparison) error {
	return forEach(ctx, items, func(ctx context.Context, item Comparison) error { return p.enqueueOne(ctx, batch, item) })
}

func (p *Producer) enqueueOne(ctx context.Context, batch string, c Comparison) error {
	// A task that asynq already has is in its queue, which is what was wanted, or in its archive, from which a worker's
	// reconciler takes it back.
	_, err := p.tasks.enqueue(ctx, enqueueable{batch, c.Row.Item.Key, c.Row.Item.queue(), TaskID(batch, c.Row.Item.Key, c.Generation)})
	return err
}

// moveForward moves the tasks of items that were just enqueued past those of larger batches; see [fairqueue.Interleave].
// The batch has total items so far.
func (p *Producer) moveForward(ctx context.Context, items []Comparison, total int) error {
	if total > mostForward {
		return nil
	}
	added := map[string]int{}
	for _, c := range items {
		added[c.Row.Item.queue()]++
	}
	for _, queue := range slices.Sorted(maps.Keys(added)) { // always in the same order, as stories of a simulation repeat
		if err := p.tasks.interleave(ctx, queue, added[queue], total); err != nil {
			return err
		}
	}
	return nil
}

// firstToken returns the token of an item's first generation.
func firstToken(batch string, item Item) string {
	if item.ClientToken != "" {
		return item.ClientToken
	}
	return ClientToken(batch, item.Key, 1)
}

func specsOf(batch string, rows []Row) []ledger.Spec {
	specs := make([]ledger.Spec, len(rows))
	for i, row := range rows {
		specs[i] = specOf(batch, row)
	}
	return specs
}

// specOf returns the spec that freezes the row's request.
func specOf(batch string, row Row) ledger.Spec {
	body := row.Item.Request.Body()
	automatic := ""
	if row.Item.Request.PrivateIPAddress != "" {
		without := row.Item
		without.Request.PrivateIPAddress = ""
		automatic = fingerprint(without)
	}
	return ledger.Spec{
		Address:     row.Item.Request.PrivateIPAddress,
		Automatic:   automatic,
		Key:         row.Item.Key,
		Fingerprint: fingerprintOf(row.Item, body),
		ClientToken: firstToken(batch, row.Item),
		Line:        row.Line,
		Account:     row.Item.Account,
		Region:      row.Item.Region,
		Priority:    stored(row.Item.Priority),
		OwnToken:    row.Item.ClientToken,
		Body:        string(body),
	}
}

func claimsOf(batch string, rows []Row) []ledger.TokenClaim {
	var claims []ledger.TokenClaim
	for _, row := range rows {
		if token := row.Item.ClientToken; token != "" {
			claims = append(claims, ledger.TokenClaim{ClientToken: token, Batch: batch, Key: row.Item.Key})
		}
	}
	return claims
}

// chunks groups rows; the rows before an error are still yielded.
func chunks(rows iter.Seq2[Row, error]) iter.Seq2[[]Row, error] {
	return func(yield func([]Row, error) bool) {
		chunk := make([]Row, 0, enqueueChunk)
		for row, err := range rows {
			if err != nil {
				if len(chunk) == 0 || yield(chunk, nil) {
					yield(nil, err)
				}
				return
			}
			if chunk = append(chunk, row); len(chunk) == enqueueChunk {
				if !yield(chunk, nil) {
					return
				}
				chunk = make([]Row, 0, enqueueChunk)
			}
		}
		if len(chunk) > 0 {
			yield(chunk, nil)
		}
	}
}
