package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Act is an operator's command on a batch.
type Act struct {
	// Kind is retry, cancel, rollback or apply for a request, retry-done and so on for its result; pause, resume or
	// limit; or paused, if its failures paused the batch.
	Kind string
	// By is the operator, as user@host; Reason is theirs.
	By, Reason string
	// Items is the number of items.
	Items int64
	// Detail says which items, or the result.
	Detail string
}

// Note records an act in the batch's events. Acts are recorded before they start, so that an interrupted one is known.
func (l *Ledger) Note(ctx context.Context, batch string, act Act) error {
	raw, err := l.run(ctx, actScript, batch, newTicket(), act.Kind, act.By, act.Reason, act.Items, act.Detail)
	if err != nil {
		return fmt.Errorf("record the %s of batch %q: %w", act.Kind, batch, err)
	}
	if n, _ := raw.(int64); n < 0 {
		return &BatchNotFoundError{Batch: batch}
	}
	return nil
}

// newTicket returns a ticket that is unique to an act, so that repeating the act after a lost reply changes nothing.
func newTicket() string { return strconv.FormatUint(rand.Uint64(), 36) }

// actsKept is how many of a batch's newest acts are kept; it is that of lua/note.lua.
const actsKept = 1000

// Acts reads the acts on a batch before the event with the given ID ("" = all), oldest first, as events; an unreadable
// one is an event of kind unreadable. The newest 1,000 are kept, even if the event stream has dropped them.
func (l *Ledger) Acts(ctx context.Context, batch, before string) ([]Event, error) {
	texts, err := l.rdb.LRange(ctx, keysOf(batch).acts, -actsKept, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("acts on batch %q: %w", batch, err)
	}
	var acts []Event
	for _, text := range texts {
		act, err := decodeAct(text)
		if err != nil {
			act = Event{Kind: "unreadable", Detail: fmt.Sprintf("an act on the batch cannot be read: %v", err)}
		}
		if before != "" && !earlier(act.ID, before) {
			break
		}
		acts = append(acts, act)
	}
	return acts, nil
}

func decodeAct(text string) (Event, error) {
	var w struct {
		ID     string `json:"id"`
		Kind   string `json:"kind"`
		Detail string `json:"detail"`
		By     string `json:"by"`
		Reason string `json:"reason"`
		At     Millis `json:"at,string"`
		Items  int64  `json:"items,string"`
	}
	if err := unmarshal(text, &w); err != nil {
		return Event{}, err
	}
	return Event{ID: w.ID, Kind: w.Kind, At: w.At, Detail: w.Detail, By: w.By, Reason: w.Reason, Items: w.Items}.bounded(), nil
}

// earlier reports whether one stream ID, milliseconds-sequence, comes before another.
func earlier(a, b string) bool {
	parts := func(id string) (ms, seq uint64) {
		first, second, _ := strings.Cut(id, "-")
		ms, _ = strconv.ParseUint(first, 10, 64)
		seq, _ = strconv.ParseUint(second, 10, 64)
		return ms, seq
	}
	msA, seqA := parts(a)
	msB, seqB := parts(b)
	return msA < msB || msA == msB && seqA < seqB
}
