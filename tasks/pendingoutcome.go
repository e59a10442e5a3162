package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"havip/ledger"
)

// PendingOutcome is what a request proved, while the ledger does not know it yet. It holds no secret.
type PendingOutcome struct {
	Lane  Lane   `json:"lane"`
	Batch string `json:"batch"`
	Key   string `json:"key"`
	// Send is the number of the request, At when it was begun by the ledger's clock, and Worker by
	// whom: together they name one request of one ledger.
	Send   int           `json:"send"`
	At     ledger.Millis `json:"at"`
	Worker string        `json:"worker"`
	// ForgottenGeneration is that of the item's record.
	ForgottenGeneration int            `json:"past,omitempty"`
	Outcome             ledger.Outcome `json:"outcome"`
}

func (u PendingOutcome) owner() ledger.Owner {
	return ledger.Owner{Batch: u.Batch, Key: u.Key, ForgottenGeneration: u.ForgottenGeneration}
}

func (u PendingOutcome) String() string {
	return fmt.Sprintf("outcome %q of request %d of item %q of batch %q", u.Outcome.Class, u.Send, u.Key, u.Batch)
}

// RecorderLedger is what a [Recorder] needs of the ledger; [*ledger.Ledger] is one.
type RecorderLedger interface {
	ClaimHaVIP(ctx context.Context, lane, haVIPID string, claim ledger.Owner) (ledger.Owner, error)
	Record(ctx context.Context, batch, key string, known ledger.Known, n int, o ledger.Outcome) (ledger.Verdict, ledger.Record, error)
	Item(ctx context.Context, batch, key string) (ledger.Item, error)
	Attempts(ctx context.Context, item ledger.Item) ([]ledger.Attempt, error)
}

// Recorder enters outcomes into the ledger. Entering one twice is fine.
type Recorder struct {
	Ledger RecorderLedger
	Logger zerolog.Logger
}

// Record claims what was created before recording it, so that no HaVIP is ever the result of two
// items. One that is another item's already means that BCE answered with somebody else's: the item is
// then in doubt. Known is the item as the request's begin answered it.
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
			entry = ofAnother(entry, owner)
		}
	}
	verdict, rec, err := r.Ledger.Record(ctx, u.Batch, u.Key, known, u.Send, entry)
	if err == nil && verdict == ledger.Extra {
		log.Error().Str("havip_id", entry.HaVIPID).Str("recorded", rec.HaVIPID).
			Msg("BCE created a second HaVIP for the item; delete it by hand")
	}
	return rec, err
}

// ofAnother is the outcome of an answer with another item's HaVIP.
func ofAnother(entry ledger.Outcome, owner ledger.Owner) ledger.Outcome {
	return Outcome{
		Class: ClassMismatch, Status: entry.Status, RequestID: entry.RequestID,
		Code:    "HaVIPOfAnotherItem",
		Message: fmt.Sprintf("BCE answered with %s, which is item %s's", entry.HaVIPID, owner),
	}.entry("", time.Duration(entry.DurationMS)*time.Millisecond)
}

// ErrOtherLedger says that an outcome is of a request which this ledger did not begin: it belongs to
// another Redis, or this one has lost what it knew.
var ErrOtherLedger = errors.New("this ledger did not begin that request")

// RecordLate is Record for an outcome that was kept since, perhaps by a process before this one:
// it makes sure that the ledger is the one which began the request.
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
