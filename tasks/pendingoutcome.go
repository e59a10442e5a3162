package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/lifecycle"
)

// PendingOutcome is the outcome of a request that is not recorded in the ledger yet. It contains no secret.
type PendingOutcome struct {
	Lane  Lane   `json:"lane"`
	Batch string `json:"batch"`
	Key   string `json:"key"`
	// Send is the number of the request, At is when it began by the ledger's clock, and Worker is the worker that began it.
	// Together they identify one request of one ledger.
	Send   int           `json:"send"`
	At     ledger.Millis `json:"at"`
	Worker string        `json:"worker"`
	// ForgottenGeneration is that of the item's record.
	ForgottenGeneration int            `json:"forgotten,omitempty"`
	Outcome             ledger.Outcome `json:"outcome"`
}

func (u PendingOutcome) owner() ledger.Owner {
	return ledger.Owner{Batch: u.Batch, Key: u.Key, ForgottenGeneration: u.ForgottenGeneration}
}

func (u PendingOutcome) String() string {
	return fmt.Sprintf("outcome %q of request %d of item %q of batch %q", u.Outcome.Class, u.Send, u.Key, u.Batch)
}

// RecorderLedger is the part of the ledger that a [Recorder] uses; [*ledger.Ledger] implements it.
type RecorderLedger interface {
	ClaimHaVIP(ctx context.Context, lane, haVIPID string, claim ledger.Owner) (ledger.Owner, error)
	Record(ctx context.Context, batch, key string, known ledger.Known, n int, o ledger.Outcome) (lifecycle.Recorded, ledger.Record, error)
	Item(ctx context.Context, batch, key string) (ledger.Item, error)
	Attempts(ctx context.Context, item ledger.Item) ([]ledger.Attempt, error)
}

// Recorder records outcomes in the ledger. Recording an outcome twice is safe.
type Recorder struct {
	Ledger RecorderLedger
	Logger zerolog.Logger
}

// Record claims a created HaVIP before it records the outcome, so that no HaVIP is the result of two items. If another item owns
// the HaVIP, BCE answered with the wrong one, and the item's outcome is unknown. Known is the item as the start of the request
// returned it.
func (r Recorder) Record(ctx context.Context, u PendingOutcome, known ledger.Known) (ledger.Record, error) {
	log := r.Logger.With().Str("batch", u.Batch).Str("key", u.Key).Logger()
	entry := u.Outcome
	if entry.HaVIPID != "" {
		owner, err := r.Ledger.ClaimHaVIP(ctx, u.Lane.String(), entry.HaVIPID, u.owner())
		if err != nil {
			return ledger.Record{}, err
		}
		if owner != u.owner() {
			log.Error().Str("havip_id", entry.HaVIPID).Stringer("owner", owner).Msg("BCE answered with another item's HaVIP")
			entry = otherItemsOutcome(entry, owner)
		}
	}
	result, rec, err := r.Ledger.Record(ctx, u.Batch, u.Key, known, u.Send, entry)
	if err == nil && result == lifecycle.RecordedExtra {
		log.Error().Str("havip_id", entry.HaVIPID).Str("recorded", rec.HaVIPID).
			Msg("BCE created a second HaVIP for the item; delete it by hand")
	}
	return rec, err
}

// otherItemsOutcome returns the outcome of an answer with another item's HaVIP.
func otherItemsOutcome(entry ledger.Outcome, owner ledger.Owner) ledger.Outcome {
	return Outcome{
		Class: ClassMismatch, Status: entry.Status, RequestID: entry.RequestID,
		Code:    "HaVIPOfAnotherItem",
		Message: fmt.Sprintf("BCE answered with %s, which is item %s's", entry.HaVIPID, owner),
	}.entry("", time.Duration(entry.DurationMS)*time.Millisecond)
}

// ErrOtherLedger reports that this ledger did not begin the outcome's request: it belongs to another Redis, or this one has lost
// data.
var ErrOtherLedger = errors.New("this ledger did not begin that request")

// RecordLate is Record for a buffered outcome, possibly from an earlier process: it first verifies that this ledger began the
// request.
func (r Recorder) RecordLate(ctx context.Context, u PendingOutcome) error {
	item, err := r.Ledger.Item(ctx, u.Batch, u.Key)
	var missing *ledger.ItemNotFoundError
	switch {
	case errors.As(err, &missing):
		return fmt.Errorf("%s: %w", u, ErrOtherLedger)
	case err != nil:
		return err
	}
	attempts, damaged := r.Ledger.Attempts(ctx, item)
	for _, a := range attempts {
		if a.Op == "" && a.Number == u.Send && a.At == u.At && a.Worker == u.Worker {
			_, err = r.Record(ctx, u, ledger.Known{})
			return err
		}
	}
	if damaged != nil {
		return damaged
	}
	return fmt.Errorf("%s: %w", u, ErrOtherLedger)
}
