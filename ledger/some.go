package ledger

import (
	"context"
	"fmt"
)

// Some reads the items of these keys that exist, in the order of the keys, in one round trip.
func (l *Ledger) Some(ctx context.Context, batch string, itemKeys []string) ([]Item, error) {
	items, err := l.read(ctx, batch, itemKeys)
	return items, wrap(fmt.Sprintf("items of batch %q", batch), err)
}
