package follow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/ledger"
	"havip/tasks"
)

const (
	// resultsPage is how many events, or items, are read at a time.
	resultsPage = 500
	// confirmedEvery spaces the reads of items that are created and not confirmed: an item may be confirmed without an event.
	confirmedEvery = time.Second
)

// Results follows a batch until it is done, or timed ends, and writes the result of each item when it is final. Its error is
// [Watcher.Follow]'s, or says that items failed or are damaged.
//
// Events say which items to read. They may be trimmed before they are read, and a restored Redis may have others: then all items
// are read again, as they are at the beginning and at the end. A result is written once; an item that is retried has another.
func Results(ctx, timed context.Context, t *terminal.IO, s *session.Session, batch string, show report.Filter) error {
	w := &Watcher{IO: t, Session: s, Batch: batch}
	r := &resultStream{
		watcher: w, show: show, out: terminal.Writer(t, render.Results()),
		final: map[string]outcome{}, unconfirmed: map[string]bool{}, missed: true,
	}
	w.each = r.poll
	b, err := w.Follow(timed)
	if timed.Err() != nil && err != nil || b.Name == "" || cli.CodeOf(err) == cli.ExitNetwork { // nothing more can be read
		return errors.Join(r.out.Close(), err)
	}
	r.missed = true
	if last := errors.Join(r.poll(ctx), r.out.Close()); last != nil {
		return errors.Join(err, last)
	}
	if len(r.final) == 0 {
		t.Infof("%s", report.NoResultsText(batch, show.States))
	}
	if err == nil {
		err = report.FailedError(b)
	}
	return errors.Join(err, r.damaged.Err(t, batch, "the others are shown"), r.logs.Err(t, batch, "the others are shown"))
}

// outcome tells a result of an item from an earlier one.
type outcome struct {
	state              ledger.State
	haVIPID, requestID string
	generation, sends  int
}

// resultStream writes results as they become final.
type resultStream struct {
	watcher *Watcher
	show    report.Filter
	out     render.Writer[tasks.Result]
	// final are the outcomes that were written, by key.
	final map[string]outcome
	// unconfirmed are the keys of items that are created and not confirmed, as last asked at that time.
	unconfirmed map[string]bool
	asked       time.Time
	// after is the last event that was read; missed says that some may not have been.
	after  string
	missed bool
	// damaged are items of the last scan, and logs those of items that were written without.
	damaged, logs report.Damage
	// broken is why stdout cannot be written to. It is no error of Redis, which would be waited for.
	broken error
}

// poll writes the results that have become final.
func (r *resultStream) poll(ctx context.Context) error {
	_, err := WithRetry(ctx, r.watcher.Session, func() (struct{}, error) { return struct{}{}, r.read(ctx) })
	if r.broken == nil {
		r.broken = r.out.Flush()
	}
	if r.broken != nil {
		return fmt.Errorf("write to stdout: %w", r.broken)
	}
	return err
}

// read reads what is new. It may be called again after an error.
func (r *resultStream) read(ctx context.Context) error {
	if !r.missed {
		if err := r.readEvents(ctx); err != nil {
			return err
		}
	}
	if r.missed {
		return r.scan(ctx)
	}
	if len(r.unconfirmed) == 0 || time.Since(r.asked) < confirmedEvery {
		return nil
	}
	r.asked = time.Now()
	return r.readItems(ctx, maps.Clone(r.unconfirmed))
}

// readEvents reads the items that events name.
func (r *resultStream) readEvents(ctx context.Context) error {
	for {
		page, err := r.watcher.Ledger.EventPage(ctx, r.watcher.Batch, r.after, resultsPage)
		if err != nil {
			return err
		}
		if r.missed = page.Forgotten; r.missed {
			return nil
		}
		keys := map[string]bool{}
		for _, event := range page.Events {
			if event.Key != "" {
				keys[event.Key] = true
			}
		}
		if err := r.readItems(ctx, keys); err != nil {
			return err
		}
		if len(page.Events) > 0 {
			r.after = page.Events[len(page.Events)-1].ID
		}
		if len(page.Events) < resultsPage {
			return nil
		}
	}
}

// readItems reads items, a page at a time. Those that are damaged are left to [resultStream.scan].
func (r *resultStream) readItems(ctx context.Context, keys map[string]bool) error {
	var page []string
	flush := func() error {
		items, err := r.watcher.Ledger.Some(ctx, r.watcher.Batch, page)
		page = page[:0]
		if report.IsDamage(err) { // the items are the others
			err = nil
		}
		for i := 0; err == nil && i < len(items); i++ {
			if err = r.write(ctx, items[i]); report.IsDamage(err) {
				err = nil
			}
		}
		return err
	}
	for key := range keys {
		if page = append(page, key); len(page) == resultsPage {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// scan reads all items. Events from before it are not needed after it.
func (r *resultStream) scan(ctx context.Context) error {
	last, err := r.watcher.Ledger.LastEventID(ctx, r.watcher.Batch)
	if err != nil {
		return err
	}
	r.damaged = report.Damage{}
	for item, err := range r.watcher.Ledger.Items(ctx, r.watcher.Batch) {
		if err == nil {
			err = r.write(ctx, item)
		}
		if err != nil && !r.damaged.Skip(err) {
			return err
		}
		if r.broken != nil {
			return nil
		}
	}
	r.after, r.missed = last, false
	return nil
}

// write writes the item's result if it is final, wanted and another than was written. An item that is not finished has none
// any more.
func (r *resultStream) write(ctx context.Context, item ledger.Item) error {
	rec := item.Record
	if delete(r.unconfirmed, item.Key); !rec.Finished() {
		delete(r.final, item.Key)
		if rec.Unconfirmed() {
			r.unconfirmed[item.Key] = true
		}
		return nil
	}
	now := outcome{rec.State, rec.HaVIPID, rec.RequestID, rec.Generation, rec.Sends}
	if unwanted := r.broken != nil || !r.show.Wants(item); unwanted || r.final[item.Key] == now {
		return nil
	}
	result, err := report.Result(ctx, r.watcher.Session, item, r.show.Attempts, &r.logs)
	if err != nil {
		return err
	}
	r.watcher.bar.Clear()
	if r.broken = r.out.Write(result); r.broken == nil {
		r.final[item.Key] = now
	}
	return nil
}
