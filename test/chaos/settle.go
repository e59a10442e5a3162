//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"havip/ledger"
)

// Tally is how far all batches are.
type Tally struct {
	Total, Open, Unconfirmed int64
	Counts                   map[ledger.State]int64
	// Whole says that every batch has been put in to its end.
	Whole bool
}

func (t Tally) done() bool { return t.Whole && t.Open == 0 }

func (t Tally) String() string {
	texts := []string{fmt.Sprintf("%d items", t.Total)}
	for _, state := range ledger.States() {
		if n := t.Counts[state]; n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, state))
		}
	}
	if t.Unconfirmed > 0 {
		texts = append(texts, fmt.Sprintf("%d not confirmed yet", t.Unconfirmed))
	}
	return strings.Join(texts, ", ")
}

// tally counts. What cannot be read, as Redis is down, is not there.
func (env *environment) tally(ctx context.Context) (Tally, error) {
	t := Tally{Counts: map[ledger.State]int64{}, Whole: true}
	for _, rows := range env.rows {
		batch, err := env.ledger.Batch(ctx, rows[0].Batch)
		if err != nil {
			t.Whole = false
			return t, err
		}
		t.Total += batch.Total
		t.Open += batch.Open()
		t.Unconfirmed += batch.Unconfirmed
		t.Whole = t.Whole && batch.CommittedAt != 0
		for state, n := range batch.Counts {
			t.Counts[state] += n
		}
	}
	return t, nil
}

// settle puts in what is missing of each batch, and waits until nothing is left to do, or for as
// long as the patience lasts. Everything has been healed.
func (env *environment) settle(ctx context.Context, told func(Tally)) error {
	if err := env.store.awaitHealthy(ctx); err != nil {
		return err
	}
	if err := env.cloud.setFaults(ctx, ""); err != nil {
		return err
	}
	if err := env.findLost(ctx); err != nil {
		return err
	}
	if err := env.applyAll(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, env.patience)
	defer cancel()
	for {
		t, err := env.tally(ctx)
		if err == nil {
			told(t)
			if t.done() {
				return nil
			}
		}
		if !pause(ctx, time.Second) {
			return nil // the verdict counts pending items
		}
	}
}

// applyAll puts in what is missing of each batch, while nothing fails.
func (env *environment) applyAll(ctx context.Context) error {
	for batch, file := range env.files {
		if _, err := env.enqueue(ctx, "apply", file, "--yes"); err != nil {
			return fmt.Errorf("while nothing fails: %w", err)
		}
		env.confirmed.add(batch)
	}
	return nil
}

// confirmed are numbers of batches. It is safe for concurrent use.
type confirmed struct {
	mu      sync.Mutex
	batches []int
}

func (c *confirmed) add(batch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.batches, batch) {
		c.batches = append(c.batches, batch)
	}
}

// findLost looks for the batches of which a producer succeeded: it must not do so before every replica has confirmed the
// batch, so no failover loses one. It comes before the files are applied again.
func (env *environment) findLost(ctx context.Context) error {
	for _, number := range env.confirmed.batches {
		rows := env.rows[number]
		batch, err := env.ledger.Batch(ctx, rows[0].Batch)
		var missing *ledger.BatchNotFoundError
		if err != nil && !errors.As(err, &missing) {
			return err
		}
		if batch.CommittedAt == 0 || batch.Total != int64(len(rows)) {
			env.lost = append(env.lost, Finding{Fact: Lost, Detail: fmt.Sprintf("%s has %d of %d items, committed %t", rows[0].Batch, batch.Total, len(rows), batch.CommittedAt != 0)})
		}
	}
	return nil
}
