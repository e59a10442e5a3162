package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"havip/lifecycle"
)

// itemsPage is how many items one script call of [Ledger.Items] reads: it keeps Redis busy for about half a millisecond.
const itemsPage = 200

// Item reads one item. If there is none, the error is an [*ItemNotFoundError].
func (l *Ledger) Item(ctx context.Context, batch, key string) (Item, error) {
	items, err := l.read(ctx, batch, []string{key})
	var damaged *UnreadableError
	switch {
	case errors.As(err, &damaged):
		return Item{}, err // it names the item
	case err != nil:
		return Item{}, itemError("read", batch, key, err)
	}
	if len(items) == 0 {
		return Item{}, &ItemNotFoundError{Batch: batch, Key: key}
	}
	return items[0], nil
}

// Some reads the items of these keys that exist, in the order of the keys, in one round trip.
func (l *Ledger) Some(ctx context.Context, batch string, itemKeys []string) ([]Item, error) {
	items, err := l.read(ctx, batch, itemKeys)
	return items, wrap(fmt.Sprintf("items of batch %q", batch), err)
}

// Items returns a batch's items in the order of registration. It reads one page at a time, so that memory does not grow with the
// batch. Items that are registered meanwhile may or may not be included.
//
// An item whose data is damaged is returned as an [*UnreadableError] in its place, and the items after it follow. Any other error
// is the last.
func (l *Ledger) Items(ctx context.Context, batch string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for start := int64(0); ; start += itemsPage {
			page, err := l.rdb.LRange(ctx, keysOf(batch).order, start, start+itemsPage-1).Result()
			if err != nil {
				yield(Item{}, fmt.Errorf("items of batch %q: %w", batch, err))
				return
			}
			items, err := l.read(ctx, batch, page)
			var damaged *UnreadableError
			if err != nil && !errors.As(err, &damaged) {
				yield(Item{}, fmt.Errorf("items of batch %q: %w", batch, err))
				return
			}
			if !yieldPage(batch, page, items, damaged, yield) || len(page) < itemsPage {
				return
			}
		}
	}
}

// yieldPage yields the items of a page, and the faults of the damaged ones, in the order of the page.
func yieldPage(batch string, page []string, items []Item, damaged *UnreadableError, yield func(Item, error) bool) bool {
	for _, key := range page {
		if damaged != nil && damaged.Faults[key] != nil {
			if !yield(Item{}, Unreadable(batch, key, damaged.Faults[key])) {
				return false
			}
			continue
		}
		if len(items) == 0 || items[0].Key != key { // the batch was deleted since the page was read
			continue
		}
		if !yield(items[0], nil) {
			return false
		}
		items = items[1:]
	}
	return true
}

// Finished reports which of the items are registered and finished, in one round trip and without reading them.
func (l *Ledger) Finished(ctx context.Context, batch string, itemKeys []string) ([]bool, error) {
	finished := make([]bool, len(itemKeys))
	if len(itemKeys) == 0 {
		return finished, nil
	}
	args := make([]any, len(itemKeys))
	for i, key := range itemKeys {
		args[i] = key
	}
	raw, err := finishedScript.Run(ctx, l.rdb, keysOf(batch).list(), args...).Result()
	var fields reply
	if err == nil {
		fields, err = replyOf(raw, len(itemKeys))
	}
	if err != nil {
		return nil, fmt.Errorf("finished items of batch %q: %w", batch, err)
	}
	for i := range finished {
		finished[i] = fields.number(i) == 1
	}
	return finished, nil
}

// Compare returns what [Ledger.Register] would return, errors included, and changes nothing.
func (l *Ledger) Compare(ctx context.Context, batch string, specs []Spec) ([]Registration, error) {
	itemKeys := make([]string, len(specs))
	for i, spec := range specs {
		itemKeys[i] = spec.Key
	}
	existing, err := l.readEach(ctx, batch, itemKeys, make([]lifecycle.LogKey, len(specs)))
	if err == nil {
		err = unreadable(batch, existing)
	}
	answers := make([]Registration, len(specs))
	for i := 0; err == nil && i < len(specs); i++ {
		answers[i], _, err = compare(specs[i], existing[i], Source{})
	}
	if errors.Is(err, errArchived) {
		return nil, l.archivedError(ctx, batch)
	}
	if err != nil {
		return nil, fmt.Errorf("compare with batch %q: %w", batch, err)
	}
	return answers, nil
}

// errIncomplete means that one of an item's two fields is missing.
var errIncomplete = errors.New("its spec or its record is missing")

// read fetches specs and records of the keys that exist, in order. With an [*UnreadableError] it returns the
// readable ones.
func (l *Ledger) read(ctx context.Context, batch string, itemKeys []string) ([]Item, error) {
	items, _, err := l.readItems(ctx, batch, itemKeys, false)
	return items, err
}

// readItems is read and, if pause is set, also returns whether the batch was paused at that time.
func (l *Ledger) readItems(ctx context.Context, batch string, itemKeys []string, pause bool) (items []Item, paused bool, err error) {
	if len(itemKeys) == 0 {
		return nil, false, nil
	}
	fields, err := l.texts(ctx, batch, itemKeys, pause)
	if err != nil {
		return nil, false, err
	}
	items, err = decodeItems(batch, itemKeys, fields[1:])
	return items, fields.number(0) == 1, err
}

// texts returns the reply of lua/items.lua.
func (l *Ledger) texts(ctx context.Context, batch string, itemKeys []string, pause bool) (reply, error) {
	k := keysOf(batch)
	args := make([]any, 1, 1+len(itemKeys))
	if args[0] = 0; pause {
		args[0] = 1
	}
	for _, key := range itemKeys {
		args = append(args, key)
	}
	// A script, so that a spec and its record are read atomically: a Redis that is out of memory refuses a transaction,
	// even one that only reads.
	raw, err := itemsScript.Run(ctx, l.rdb, []string{k.batch, k.specs, k.records}, args...).Result()
	if err != nil {
		return nil, err
	}
	return replyOf(raw, 1+2*len(itemKeys))
}

// decodeItems decodes a spec and a record for each key.
func decodeItems(batch string, itemKeys []string, fields reply) ([]Item, error) {
	items, faults := make([]Item, 0, len(itemKeys)), map[string]error{}
	for i, key := range itemKeys {
		spec, ok := fields[2*i].(string)
		record, also := fields[2*i+1].(string)
		if !ok && !also {
			continue
		}
		item, err := decodeItem(batch, key, spec, record)
		if !ok || !also { // both are written, and deleted, in one step
			err = errIncomplete
		}
		if err != nil {
			faults[key] = err
			continue
		}
		items = append(items, item)
	}
	if len(faults) > 0 {
		return items, &UnreadableError{Batch: batch, Faults: faults}
	}
	return items, nil
}

// OldestOpen reads the unfinished item that has been unchanged for the longest time, if any.
func (l *Ledger) OldestOpen(ctx context.Context, batch string) (item Item, found bool, err error) {
	oldest, err := l.rdb.ZRange(ctx, keysOf(batch).open, 0, 0).Result()
	if err != nil {
		return Item{}, false, fmt.Errorf("oldest open item of batch %q: %w", batch, err)
	}
	items, err := l.read(ctx, batch, oldest)
	if err != nil || len(items) == 0 {
		return Item{}, false, err
	}
	return items[0], true, nil
}

// OldestUnknown returns since when the outcome of an unfinished item has been unknown, for the item that has waited longest; 0 if
// there is none. Its cost does not depend on the batch's size.
func (l *Ledger) OldestUnknown(ctx context.Context, batch string) (Millis, error) {
	oldest, err := l.rdb.ZRangeWithScores(ctx, keysOf(batch).unknown, 0, 0).Result()
	if err != nil {
		return 0, fmt.Errorf("oldest unknown outcome of batch %q: %w", batch, err)
	}
	if len(oldest) == 0 {
		return 0, nil
	}
	return Millis(oldest[0].Score), nil
}
