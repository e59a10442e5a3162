package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// searchPage is how many items one script call of [Ledger.Search] looks at: it keeps Redis busy for about a millisecond.
const searchPage = 1000

var searchScript = redis.NewScript(source("search"))

// Query chooses items of a batch.
type Query struct {
	// States are those of the items; there is at least one. Code is "" for any.
	States []State
	Code   string
	// From is the position to start at, in the order of registration, from 0.
	From int64
	// Limit is how many items to return at most.
	Limit int
	// Within limits the time that the search takes; 0 looks at one page.
	Within time.Duration
}

// Matches is the result of a [Query].
type Matches struct {
	Items []Item
	// Next is the position to continue at; -1 at the end of the batch.
	Next int64
}

// Search reads the items of a batch that a query chooses. It reads whole only these: of 100,000 others, only the states
// are compared, in Redis. An item whose record is damaged may be left out. With an [*UnreadableError] it returns the readable
// ones.
func (l *Ledger) Search(ctx context.Context, batch string, q Query) (Matches, error) {
	args := []any{q.From, searchPage, q.Limit, ""}
	if q.Code != "" {
		code, err := json.Marshal(q.Code)
		if err != nil {
			return Matches{}, fmt.Errorf("search batch %q: %w", batch, err)
		}
		args[3] = `"code":` + string(code)
	}
	for _, state := range q.States {
		args = append(args, string(state))
	}
	found, next, err := l.search(ctx, batch, q, args)
	if err != nil {
		return Matches{}, fmt.Errorf("search batch %q: %w", batch, err)
	}
	items, err := l.read(ctx, batch, found)
	var damaged *UnreadableError
	if err != nil && !errors.As(err, &damaged) {
		err = fmt.Errorf("search batch %q: %w", batch, err)
	}
	return Matches{Items: items, Next: next}, err
}

// search returns the keys that match, page by page.
func (l *Ledger) search(ctx context.Context, batch string, q Query, args []any) (found []string, next int64, err error) {
	k := keysOf(batch)
	started := time.Now()
	for next = q.From; next >= 0; {
		args[0], args[2] = next, q.Limit-len(found)
		raw, err := searchScript.Run(ctx, l.rdb, []string{k.order, k.records}, args...).Slice()
		if err != nil {
			return nil, 0, err
		}
		answer := reply(raw)
		next = answer.number(0)
		for i := range answer[1:] {
			found = append(found, answer.text(i+1))
		}
		if len(found) >= q.Limit || time.Since(started) >= q.Within {
			break
		}
	}
	return found, next, nil
}

// Page reads up to limit items from a position in the order of registration, from 0. With an [*UnreadableError] it returns
// the readable ones.
func (l *Ledger) Page(ctx context.Context, batch string, from int64, limit int) ([]Item, error) {
	itemKeys, err := l.rdb.LRange(ctx, keysOf(batch).order, from, from+int64(limit)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("items of batch %q: %w", batch, err)
	}
	return l.Some(ctx, batch, itemKeys)
}
