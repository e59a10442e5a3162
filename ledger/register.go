package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// Source says who put a batch in, from what. It is stored when the batch is new.
type Source struct {
	// File is the producer's file name, for people to recognise.
	File string `json:"file,omitempty"`
	// By names the producer: user and host.
	By string `json:"by,omitempty"`
	// MaxFailures is how many items may fail before the batch is held.
	MaxFailures FailureLimit `json:"maxFailures,omitempty"`
	// Plan identifies the saved plan that made the batch, if one did.
	Plan string `json:"plan,omitempty"`
	// Whole says that what is registered is all that there is of the producer's: a batch that is new is
	// committed with it, and one that was committed stays so. It is not stored.
	Whole bool `json:"whole,omitempty"`
	// Task says that what is registered is of a task with a clientToken, which nobody has registered: in
	// a batch that was forgotten it is a leftover. It is not stored.
	Task bool `json:"task,omitempty"`
	// OnComplete, when not "", is the URL that a producer gives to [Ledger.SetOnComplete] before it
	// commits. Registering does not read it.
	OnComplete string `json:"-"`
}

const (
	// registerChunk bounds how many items one script call enters: it keeps Redis busy for
	// a few milliseconds at most.
	registerChunk = 200
	// registerTrip bounds how many items are under way to Redis at once, in several calls.
	registerTrip = 5 * registerChunk
)

// Register enters specs into the batch, and answers for each in the same order. Specs that
// are there already are compared by fingerprint. Registering is per item: where one
// conflicts, the others are entered all the same.
//
// The error, if any, tells that some chunk may not have been entered; calling again with the
// same specs continues.
func (l *Ledger) Register(ctx context.Context, batch string, source Source, specs []Spec) ([]Registration, error) {
	if err := l.touch(ctx, batch); err != nil {
		return nil, fmt.Errorf("register in batch %q: %w", batch, err)
	}
	facts, err := json.Marshal(source)
	if err != nil {
		return nil, fmt.Errorf("register in batch %q: %w", batch, err)
	}
	answers := make([]Registration, 0, len(specs))
	for trip := range slices.Chunk(specs, registerTrip) {
		answered, err := l.registerTrip(ctx, batch, facts, trip)
		if err != nil {
			return answers, fmt.Errorf("register in batch %q: %w", batch, err)
		}
		answers = append(answers, answered...)
	}
	if err := l.touch(ctx, batch); err != nil {
		return answers, fmt.Errorf("register in batch %q: %w", batch, err)
	}
	return answers, nil
}

// registerTrip enters specs in one round trip.
func (l *Ledger) registerTrip(ctx context.Context, batch string, facts []byte, specs []Spec) ([]Registration, error) {
	var calls [][]any
	for chunk := range slices.Chunk(specs, registerChunk) {
		args, err := registerArgs(facts, chunk)
		if err != nil {
			return nil, err
		}
		calls = append(calls, args)
	}
	replies, err := l.runEach(ctx, registerScript, batch, calls)
	if err != nil {
		return nil, err
	}
	answers := make([]Registration, 0, len(specs))
	for _, raw := range replies {
		chunk := specs[len(answers):min(len(answers)+registerChunk, len(specs))]
		answered, err := registrations(raw, chunk)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answered...)
	}
	return answers, nil
}

func registerArgs(facts []byte, specs []Spec) ([]any, error) {
	args := make([]any, 0, 1+4*len(specs))
	args = append(args, facts)
	for _, spec := range specs {
		text, err := json.Marshal(spec)
		if err != nil {
			return nil, err
		}
		args = append(args, spec.Key, spec.Fingerprint, text, spec.ClientToken)
	}
	return args, nil
}

// registrations reads what one call answered about its specs.
func registrations(raw any, specs []Spec) ([]Registration, error) {
	list, err := replyOf(raw, len(specs))
	if err != nil {
		return nil, err
	}
	answers := make([]Registration, len(specs))
	for i := range list {
		fields, err := replyOf(list[i], 6)
		if err != nil {
			return nil, err
		}
		answers[i] = Registration{
			Verdict:     Verdict(fields.text(0)),
			State:       State(fields.text(1)),
			ClientToken: fields.text(2),
			Generation:  int(fields.number(3)),
		}
		if text := fields.text(5); text != "" {
			existing, err := decodeSpec(specs[i].Key, text)
			if err != nil {
				return nil, err
			}
			existing.ClientToken, existing.Fingerprint = fields.text(2), fields.text(4)
			answers[i].Existing = &existing
		}
	}
	return answers, nil
}

// MarkEnqueued notes that the tasks of these items stand in the queue, so that a later
// Register answers Same for them.
func (l *Ledger) MarkEnqueued(ctx context.Context, batch string, itemKeys []string) error {
	for trip := range slices.Chunk(itemKeys, registerTrip) {
		var calls [][]any
		for chunk := range slices.Chunk(trip, registerChunk) {
			args := make([]any, len(chunk))
			for i, key := range chunk {
				args[i] = key
			}
			calls = append(calls, args)
		}
		if _, err := l.runEach(ctx, enqueuedScript, batch, calls); err != nil {
			return fmt.Errorf("mark enqueued in batch %q: %w", batch, err)
		}
	}
	return nil
}

// Commit says that the producer has put in every item it has. Only a committed batch
// completes. Committing twice is fine.
func (l *Ledger) Commit(ctx context.Context, batch string) error {
	raw, err := l.run(ctx, commitScript, batch)
	if err != nil {
		return fmt.Errorf("commit batch %q: %w", batch, err)
	}
	if n, _ := raw.(int64); n < 0 {
		return &BatchNotFoundError{Batch: batch}
	}
	return nil
}
