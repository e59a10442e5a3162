package worker

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"havip/ledger"
)

// unconfirmedWatch looks for batches with unconfirmed items, and wakes the confirmers of all lanes of the worker if there are
// any.
type unconfirmedWatch struct {
	ledger *ledger.Ledger
	lanes  []*Lane
	// rank is the active batch at which the next look begins.
	rank   int64
	log    zerolog.Logger
	outage *outage
}

func newUnconfirmedWatch(c Config, lanes []*Lane) *unconfirmedWatch {
	return &unconfirmedWatch{ledger: ledger.New(c.Redis), lanes: lanes, log: c.Logger.With().Str("component", "confirmer").Logger(), outage: c.outage}
}

// run looks every confirmEvery until ctx ends.
func (w *unconfirmedWatch) run(ctx context.Context) {
	for wait := confirmEvery; ; {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		switch err := w.look(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait = min(2*wait, confirmLatest)
			w.log.WithLevel(w.outage.level(ctx, zerolog.WarnLevel)).Err(err).Dur("again_after", wait).Msg("unconfirmed HaVIPs could not be looked for; will be retried")
		default:
			wait = confirmEvery
		}
	}
}

// look looks at some active batches.
func (w *unconfirmedWatch) look(ctx context.Context) error {
	batches, listed, err := w.ledger.Unconfirmed(ctx, w.rank, confirmBatches)
	if err != nil {
		return err
	}
	if len(batches) > 0 {
		for _, l := range w.lanes {
			select {
			case l.Confirmer.found <- w.rank:
			default: // it has not begun with an earlier one
			}
		}
	}
	if w.rank += confirmBatches; listed < confirmBatches {
		w.rank = 0
	}
	return nil
}
