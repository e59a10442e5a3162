package report

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// Unfinished refuses a batch whose record is still needed: it names items that are not finished, or says that a notification is
// pending.
func Unfinished(ctx context.Context, s *session.Session, b ledger.Batch) error {
	operand := shell.Operand(b.Name)
	switch n := b.Open(); {
	case n > 0:
		items, err := openItems(ctx, s, b)
		if err != nil {
			return err
		}
		return cli.Failf(cli.ExitPending, "batch %s: %s not finished%s; wait with `enqueue watch %s`, or cancel with `enqueue cancel %s`",
			b.Name, words.Count(n, "item is", "items are"), items, operand, operand)
	case len(b.PendingNotifications) > 0:
		return cli.Failf(cli.ExitPending, "batch %s: %s pending; `enqueue status %s` says why; try again when it is delivered or has failed",
			b.Name, words.Count(len(b.PendingNotifications), "notification is", "notifications are"), operand)
	}
	return nil
}

// openItems lists the unfinished items that have waited longest, with their states, in parentheses.
func openItems(ctx context.Context, s *session.Session, b ledger.Batch) (string, error) {
	const named = 3
	items, _, err := s.Ledger.Stale(ctx, b.Name, 0, ledger.StaleCursor{}, named)
	if damaged := (*ledger.UnreadableError)(nil); err != nil && !errors.As(err, &damaged) || len(items) == 0 {
		return "", err
	}
	list := make([]string, len(items), named+1)
	for i, item := range items {
		list[i] = fmt.Sprintf("%s: %s", render.Printable(item.Key), item.Record.State)
		if item.Record.Unconfirmed() {
			list[i] += ", not confirmed yet"
		}
	}
	if more := b.Open() - int64(len(items)); more > 0 {
		list = append(list, fmt.Sprintf("and %s more", words.Number(more)))
	}
	return " (" + strings.Join(list, "; ") + ")", nil
}

// Staying says how many HaVIPs of a batch remain in BCE when its record is gone.
func Staying(b ledger.Batch) string {
	n := b.Counts[ledger.Created] + b.Counts[ledger.Adopted]
	if n == 0 {
		return "it has no HaVIPs"
	}
	return words.Count(n, "HaVIP stays", "HaVIPs stay")
}
