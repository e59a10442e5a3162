package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Act is what a person does to many items of a batch at once.
type Act struct {
	// Kind is retry or cancel, as asked for, or retry-done or cancel-done, with what came of it.
	Kind string
	// By is who, as user@host; Reason is why, in their own words.
	By, Reason string
	// Items is how many it concerns.
	Items int64
	// Detail is which those are, or what became of them.
	Detail string
}

// Note writes an act into the batch's events. Acts are noted before they are begun, so that one that is
// killed half-way has a name to it.
func (l *Ledger) Note(ctx context.Context, batch string, act Act) error {
	ticket := strconv.FormatUint(rand.Uint64(), 36)
	raw, err := l.run(ctx, actScript, batch, ticket, act.Kind, act.By, act.Reason, act.Items, act.Detail)
	if err != nil {
		return fmt.Errorf("note %s of batch %q: %w", act.Kind, batch, err)
	}
	if n, _ := raw.(int64); n < 0 {
		return &BatchNotFoundError{Batch: batch}
	}
	return nil
}

// Acts reads the acts on a batch, oldest first, as events. The newest 1,000 are kept, whatever the
// event stream has forgotten.
func (l *Ledger) Acts(ctx context.Context, batch string) ([]Event, error) {
	texts, err := l.rdb.LRange(ctx, keysOf(batch).acts, 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("acts on batch %q: %w", batch, err)
	}
	acts := make([]Event, len(texts))
	for i, text := range texts {
		var w struct {
			ID     string `json:"id"`
			Kind   string `json:"kind"`
			Detail string `json:"detail"`
			By     string `json:"by"`
			Reason string `json:"reason"`
			At     Millis `json:"at,string"`
			Items  int64  `json:"items,string"`
		}
		if err := json.Unmarshal([]byte(text), &w); err != nil {
			return nil, fmt.Errorf("acts on batch %q: %w", batch, err)
		}
		acts[i] = Event{ID: w.ID, Kind: w.Kind, At: w.At, Detail: w.Detail, By: w.By, Reason: w.Reason, Items: w.Items}
	}
	return acts, nil
}
