package worker

import (
	"errors"
	"sync"

	"github.com/rs/zerolog"

	"havip/ledger"
)

// maxDamageKnown bounds how many items a [damage] remembers. Beyond that, items are logged again.
const maxDamageKnown = 1000

// damage logs unreadable items, each once. The zero value is ready; it is safe for concurrent use.
type damage struct {
	mu   sync.Mutex
	seen map[ledger.ClaimedItem]bool
}

// skip logs the unreadable items and returns their number, so that the caller can continue with the others. It returns
// any other error unchanged.
func (d *damage) skip(log zerolog.Logger, err error) (skipped int, other error) {
	var unreadable *ledger.UnreadableError
	if !errors.As(err, &unreadable) {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, fault := range unreadable.Faults {
		if item := (ledger.ClaimedItem{Batch: unreadable.Batch, Key: key}); !d.seen[item] {
			if d.seen == nil || len(d.seen) >= maxDamageKnown {
				d.seen = map[ledger.ClaimedItem]bool{}
			}
			d.seen[item] = true
			log.Error().Err(fault).Str("batch", item.Batch).Str("key", item.Key).
				Msg("the item's data in redis cannot be read; it is skipped, and the others continue")
		}
	}
	return len(unreadable.Faults), nil
}
