package audit

import (
	"context"
	"fmt"
	"iter"
	"time"

	"havip/tasks"
)

// list adds a lane's HaVIPs, page by page. Clock is the ledger's; progress may be nil.
func (x *index) list(ctx context.Context, pages iter.Seq2[tasks.Page, error], clock func(context.Context) (time.Time, error), progress func(tasks.Lane, int, bool)) error {
	first := true
	for page, err := range pages {
		if err != nil {
			return fmt.Errorf("lane %s: %w", x.lane, err)
		}
		if first {
			if err := x.compareClocks(ctx, page.Date, clock); err != nil {
				return err
			}
		}
		first = false
		for _, h := range page.HaVIPs {
			x.add(h)
		}
		if progress != nil {
			progress(x.lane, x.listed, page.NextMarker == "")
		}
	}
	return nil
}

// compareClocks records how far BCE's clock is ahead of the ledger's, by an answer that was just received.
func (x *index) compareClocks(ctx context.Context, date time.Time, clock func(context.Context) (time.Time, error)) error {
	if date.IsZero() {
		return nil
	}
	now, err := clock(ctx)
	x.ahead = date.Sub(now)
	return err
}

// confirmations limits how many HaVIPs of a lane are read by ID because the listing lacks them. A paged listing
// can miss a HaVIP while others are created and deleted, and may lag. After so many confirmations it is trusted;
// after so many errors it is rejected.
const confirmations = 20

// exists looks for a recorded HaVIP in the listing, and if it is not there, by its ID.
func (l *laneAudit) exists(ctx context.Context, id string) (*entry, bool, error) {
	if e := l.index.entries[id]; e != nil && e.listed {
		return e, true, nil
	}
	if l.absent == confirmations {
		return nil, false, nil
	}
	h, found, err := get(ctx, l.api, l.reader, id)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("lane %s: %w", l.index.lane, err)
	case !found:
		l.absent++
		return nil, false, nil
	}
	if l.present++; l.present > confirmations {
		return nil, false, fmt.Errorf("lane %s: the listing omits HaVIPs that exist, such as %s; verify again in a minute", l.index.lane, id)
	}
	return l.index.confirm(h), true, nil
}
