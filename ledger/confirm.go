package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/lifecycle"
)

// Unconfirmed returns which of up to limit active batches, starting at rank, have unconfirmed items, and how many
// batches it checked.
func (l *Ledger) Unconfirmed(ctx context.Context, rank, limit int64) (batches []string, looked int, err error) {
	active, err := l.rdb.ZRange(ctx, activeBatches, rank, rank+limit-1).Result()
	if err != nil || len(active) == 0 {
		return nil, 0, wrap("batches to confirm", err)
	}
	counts := make([]*redis.IntCmd, len(active))
	_, err = l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, batch := range active {
			counts[i] = pipe.ZCard(ctx, keysOf(batch).unconfirmed)
		}
		return nil
	})
	for i, n := range counts {
		if n.Val() > 0 {
			batches = append(batches, active[i])
		}
	}
	return batches, len(active), wrap("batches to confirm", err)
}

// clockBack is the distance beyond which a future time was recorded before a clock was set back.
const clockBack = 5 * time.Minute

// Due returns up to limit items of the batch whose confirmation is due, longest waiting first, without the first skip,
// and whether there may be more. With an [*UnreadableError] it returns the readable ones.
func (l *Ledger) Due(ctx context.Context, batch string, skip, limit int64) (items []Item, more bool, err error) {
	now, err := l.time(ctx)
	if err != nil {
		return nil, false, wrap("items to confirm", err)
	}
	waiting, err := l.rdb.ZRangeWithScores(ctx, keysOf(batch).unconfirmed, skip, skip+limit-1).Result()
	if err != nil {
		return nil, false, wrap("items to confirm", err)
	}
	var due []string
	for _, z := range waiting {
		if until := Millis(z.Score).Time().Sub(now); until <= 0 || until > clockBack {
			key, _ := z.Member.(string)
			due = append(due, key)
		}
	}
	items, err = l.read(ctx, batch, due)
	// Between the two reads, an item may have been confirmed, or a failover may have lost its HaVIP.
	items = slices.DeleteFunc(items, func(i Item) bool { return !i.Record.Unconfirmed() })
	return items, int64(len(waiting)) == limit, wrap("items to confirm", err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Look is what BCE shows about an item's HaVIP; see [lifecycle.Look].
type Look struct {
	Key, HaVIPID  string
	Shown         *ListedHaVIP
	ListedAt      lifecycle.Uptime
	Next          string
	ConfirmWithin time.Duration
}

// ListedHaVIP is a HaVIP in BCE's listing, with its age at a time of our monotonic clock.
type ListedHaVIP struct {
	At      time.Time
	Age     time.Duration
	Undated bool
	Address string
}

// aged returns the look with the HaVIP's current age, and whether the local clocks agree about the elapsed time.
func (l Look) aged() (look lifecycle.Look, steady bool) {
	look, steady = lifecycle.Look{HaVIPID: l.HaVIPID, ListedAt: l.ListedAt, Next: l.Next, ConfirmWithin: l.ConfirmWithin}, true
	if s := l.Shown; s != nil {
		var since time.Duration
		since, steady = elapsed(s.At)
		look.Shown = &lifecycle.ListedHaVIP{Address: s.Address, Age: s.Age + since, Undated: s.Undated}
	}
	return look, steady
}

// maxReadTime is the maximum time that reading an item from Redis may take. After that, the HaVIP's age and the item's
// times are not comparable, and the look is repeated.
const maxReadTime = lifecycle.AgeSlack / 3

// Confirmed is the result of a [Look], and the current item.
type Confirmed struct {
	Result lifecycle.Confirmation
	Item   Item
}

// Confirm records looks at the HaVIPs of a batch's items in few round trips; see [lifecycle.Confirm]. With an error, it
// returns the results before it.
func (l *Ledger) Confirm(ctx context.Context, batch string, looks []Look) ([]Confirmed, error) {
	answers := make([]Confirmed, 0, len(looks))
	for some := range slices.Chunk(looks, commandItems) {
		confirmed, err := l.confirm(ctx, batch, some)
		if err != nil {
			return answers, fmt.Errorf("confirm items of batch %q: %w", batch, err)
		}
		answers = append(answers, confirmed...)
	}
	return answers, nil
}

func (l *Ledger) confirm(ctx context.Context, batch string, looks []Look) ([]Confirmed, error) {
	answers, itemKeys := make([]Confirmed, len(looks)), make([]string, len(looks))
	for i, look := range looks {
		itemKeys[i] = look.Key
	}
	asked := time.Now()
	done, err := l.updateEach(ctx, batch, itemKeys, noEntry, func(i int, s lifecycle.Snapshot) (c lifecycle.Change) {
		look, steady := looks[i].aged()
		if !steady || time.Since(asked) > maxReadTime {
			answers[i].Result = lifecycle.ConfirmationAgain
			return lifecycle.Change{}
		}
		answers[i].Result, c = lifecycle.Confirm(s, look)
		return c
	})
	if err != nil {
		return nil, err
	}
	for i, d := range done {
		if d.record == "" || d.fault != nil { // [Ledger.Due] reports unreadable items
			answers[i].Result = lifecycle.ConfirmationNone
			continue
		}
		if answers[i].Item, err = d.item(batch); err != nil {
			return nil, err
		}
	}
	return answers, nil
}
