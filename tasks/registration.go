package tasks

import (
	"context"
	"errors"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/lifecycle"
)

// register registers the item of a task that another producer enqueued.
func (h *Handler) register(ctx context.Context, j *job) error {
	p, item := j.payload, j.payload.Item()
	if name, ok := asynq.GetQueueName(ctx); ok {
		item.Priority = h.Lane.priorityOf(name)
	}
	if reservedToken(p.ClientToken) && p.ClientToken != ClientToken(p.Batch, p.Key, 1) {
		return archive(&PayloadError{Reason: "its clientToken was derived for another item; it would receive that item's HaVIP"})
	}
	rows := []Row{{Item: item}}
	err := h.Ledger.ClaimTokens(ctx, claimsOf(p.Batch, rows))
	var taken *ledger.TokenTakenError
	if errors.As(err, &taken) {
		return archive(err)
	}
	if err != nil {
		return h.later(j, err)
	}
	if _, err := h.Ledger.ClaimRequests(ctx, requestClaims(p.Batch, rows)); err != nil {
		return h.later(j, err)
	}
	result, err := h.enlist(ctx, p, rows)
	var archived *ledger.BatchNotFoundError
	switch {
	case errors.As(err, &archived):
		return archive(&PayloadError{Reason: archived.Error()})
	case err != nil:
		return h.later(j, err)
	case result == lifecycle.RegisteredGone:
		return archive(&PayloadError{Reason: "its batch was deleted from the ledger after this task was enqueued; if the task is newer, enqueue it without its clientToken or in another batch"})
	}
	j.log.Info().Msg("item registered from a task of another producer")
	return nil
}

// registerEarly registers the item of a task that asynq would archive if this run postponed it. A suspended subnet
// postpones thousands, and asynq silently drops the oldest archived tasks.
func (h *Handler) registerEarly(ctx context.Context, j *job) error {
	retried, _ := asynq.GetRetryCount(ctx)
	if limit, ok := asynq.GetMaxRetry(ctx); !ok || retried < limit || j.payload.Reference() {
		return nil
	}
	_, err := h.Ledger.Item(ctx, j.payload.Batch, j.payload.Key)
	var missing *ledger.ItemNotFoundError
	switch {
	case errors.As(err, &missing):
		return h.register(ctx, j)
	case err != nil:
		return h.later(j, err)
	}
	return nil
}

// taskQueue is the source of batches that only tasks created.
const taskQueue = "task queue"

// enlist registers the row. A batch that only tasks created is committed with each of them. A producer's batch stays uncommitted until
// its producer commits it.
func (h *Handler) enlist(ctx context.Context, p Payload, rows []Row) (lifecycle.Registered, error) {
	source := ledger.Source{By: taskQueue, Whole: true, Task: p.ClientToken != ""}
	answers, err := h.Ledger.Register(ctx, p.Batch, source, specsOf(p.Batch, rows))
	if err != nil || answers[0].Result == lifecycle.RegisteredGone {
		return lifecycle.RegisteredGone, err
	}
	return answers[0].Result, h.Ledger.MarkEnqueued(ctx, p.Batch, []string{p.Key})
}

// ownToken reports whether the token is the item's, in a possible generation of its task.
func ownToken(item ledger.Item, token string) bool {
	if token == item.OwnToken && token != "" {
		return true
	}
	for generation := range taskGenerations(item) {
		if token == ClientToken(item.Batch, item.Key, generation) {
			return true
		}
	}
	return false
}
