package ledger

import (
	"context"
	"fmt"
)

// batchIndex lists every batch by the time at which it was first seen (Unix ms).
const batchIndex = "havip:batches"

// Batch is the summary of a batch, without its items.
type Batch struct {
	Name   string
	Source Source

	CreatedAt, UpdatedAt Millis
	// ForgottenGeneration is that of its items' records.
	ForgottenGeneration int
	// CommittedAt is 0 until a producer has registered all items.
	CommittedAt Millis
	// CompletedAt is 0 until a committed batch is complete.
	CompletedAt Millis

	// Total counts items; Counts counts them by state.
	Total  int64
	Counts map[State]int64
	// Forgiven counts failed items that had already failed when an operator resumed the batch.
	Forgiven int64
	// Pause says why no new request of the batch is sent; nil if the batch is not paused.
	Pause *Pause

	// Unconfirmed counts items whose HaVIP BCE has not shown yet; see [lifecycle.Confirm].
	Unconfirmed int64

	// Completions counts how often the batch completed; each completion has its number.
	Completions int64
	// OnComplete is the URL that is notified of each completion, or "".
	OnComplete string
	// PendingNotifications are not delivered yet, oldest first. At most 20 are kept.
	PendingNotifications []Notification
	// FailedNotification is the last notification that finally failed, unless a later one was delivered.
	FailedNotification *Notification

	// Damaged is the error of the unreadable facts, which are left out, or nil.
	Damaged error
}

// Open counts items that are not finished.
func (b Batch) Open() int64 {
	open := b.Total + b.Unconfirmed
	for state, n := range b.Counts {
		if state.Terminal() {
			open -= n
		}
	}
	return open
}

// Done reports whether the batch is committed and nothing is left to do.
func (b Batch) Done() bool { return b.CommittedAt != 0 && b.Open() == 0 }

// Failed counts rejected items and items in review.
func (b Batch) Failed() int64 { return failed(b.Counts) }

func failed(counts map[State]int64) int64 { return counts[Rejected] + counts[Review] }

// Counted returns how many failures count for the batch's failure limit.
func (b Batch) Counted() int64 { return b.Failed() - b.Forgiven }

// Batch reads one batch in constant time. If there is none, the error is a [*BatchNotFoundError].
func (l *Ledger) Batch(ctx context.Context, name string) (Batch, error) {
	values, err := l.rdb.HMGet(ctx, keysOf(name).batch, batchFields...).Result()
	if err != nil {
		return Batch{}, fmt.Errorf("batch %q: %w", name, err)
	}
	facts := factsOf(values)
	if facts["createdAt"] == "" {
		return Batch{}, notFound(name, facts)
	}
	return decodeBatch(name, facts), nil
}

// Batches reads every batch, newest first.
func (l *Ledger) Batches(ctx context.Context) ([]Batch, error) {
	return l.Newest(ctx, 0)
}

func decodeBatch(name string, facts map[string]string) Batch {
	d := &factDecoder{facts: facts}
	b := Batch{
		Name:                 name,
		Source:               Source{File: d.text("file"), By: d.text("by"), Plan: d.text("plan"), MaxFailures: FailureLimit(d.text("maxFailures"))},
		CreatedAt:            d.moment("createdAt"),
		UpdatedAt:            d.moment("updatedAt"),
		ForgottenGeneration:  int(d.count("forgottenGeneration")),
		CommittedAt:          d.moment("committedAt"),
		CompletedAt:          d.moment("completedAt"),
		Total:                d.count("total"),
		Counts:               map[State]int64{},
		Forgiven:             d.count("forgiven"),
		Pause:                d.pause(),
		Unconfirmed:          d.count("unconfirmed"),
		Completions:          d.count("completions"),
		OnComplete:           d.text("onComplete"),
		PendingNotifications: d.pendingNotifications(),
		FailedNotification:   d.failedNotification(),
	}
	for _, state := range States() {
		if n := d.count(countOf(state)); n != 0 {
			b.Counts[state] = n
		}
	}
	b.Damaged = d.fault
	return b
}
