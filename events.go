package havip

import (
	"context"
	"iter"

	"havip/ledger"
)

// eventsPerPage is how many events one round trip reads.
const eventsPerPage = 500

// Events yields the batch's events in order and waits for new ones until all items are finished, when
// [Batch.Wait] would return. To continue in another call or process, pass the ID of the last event as
// after; "" starts at the oldest event kept.
//
// About the newest 10,000 events are kept. If events were deleted before they were read, Events yields
// a [*ForgottenError] in their place and continues. Any other error ends the iteration, ctx's included; an
// outage of Redis is tolerated as by Wait.
func (b Batch) Events(ctx context.Context, after string) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		s := &eventStream{batch: b, after: after, reads: waiter{client: b.client}}
		for {
			page, last, err := s.next(ctx)
			if err != nil {
				yield(ledger.Event{}, err)
				return
			}
			if !s.yieldPage(page, yield) || last {
				return
			}
		}
	}
}

// eventStream reads one batch's events.
type eventStream struct {
	batch Batch
	after string
	pace  pace
	reads waiter
	// caughtUp reports that the last page had the newest event.
	caughtUp bool
	// missed is the event after which a gap was last reported.
	missed string
}

// next waits for a page, which may be empty, and reports whether it is the last.
func (s *eventStream) next(ctx context.Context) (page ledger.EventPage, last bool, err error) {
	if s.caughtUp {
		if err := s.pace.wait(ctx); err != nil {
			return page, false, err
		}
	}
	var status ledger.Batch
	err = s.reads.read(ctx, func() (err error) {
		status, page, err = s.read(ctx)
		return err
	})
	if err != nil {
		return page, false, err
	}
	if len(page.Events) > 0 {
		s.pace.reset()
	}
	s.caughtUp = len(page.Events) < eventsPerPage
	return page, status.Done() && s.caughtUp, nil
}

// read reads the batch before its events, so that a finished batch's last events are in the page.
func (s *eventStream) read(ctx context.Context) (status ledger.Batch, page ledger.EventPage, err error) {
	if status, err = s.batch.Status(ctx); err != nil {
		return status, page, err
	}
	page, err = s.batch.client.ledger.EventPage(ctx, s.batch.Name, s.after, eventsPerPage)
	return status, page, err
}

// yieldPage yields the page's gap and events, and reports whether to continue.
func (s *eventStream) yieldPage(page ledger.EventPage, yield func(ledger.Event, error) bool) bool {
	if page.Forgotten && s.missed != s.after {
		s.missed = s.after
		if !yield(ledger.Event{}, &ForgottenError{Batch: s.batch.Name, After: s.after}) {
			return false
		}
	}
	for _, event := range page.Events {
		s.after = event.ID
		if !yield(event, nil) {
			return false
		}
	}
	return true
}
