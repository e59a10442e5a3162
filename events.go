package havip

import (
	"context"
	"iter"

	"havip/ledger"
)

// eventsAtOnce is how many events one round trip reads.
const eventsAtOnce = 500

// Events reads what happens in the batch, in order, and waits for more until nothing is left to do in
// it: so an end without an error means that [Batch.Wait] would return. Whoever notes each event's ID
// can go on after it, in another process as well: after is the ID of the last event seen, "" for the
// oldest that is kept.
//
// About the newest 10,000 events are kept. Where some were forgotten before they were read, a
// [*ForgottenError] comes in their place, and the events go on after it. Any other error is the last:
// ctx's when ctx ends; an outage of Redis is tolerated as by Wait.
func (b Batch) Events(ctx context.Context, after string) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		s := &eventStream{batch: b, after: after, reads: waiter{client: b.client}}
		for {
			page, last, err := s.next(ctx)
			if err != nil {
				yield(ledger.Event{}, err)
				return
			}
			if !s.hand(page, yield) || last {
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
	// caughtUp says that the last page was all that there was.
	caughtUp bool
	// missed is the last event after which some were told to be forgotten.
	missed string
}

// next waits for a page, perhaps an empty one, and tells whether it is the last.
func (s *eventStream) next(ctx context.Context) (page ledger.EventPage, last bool, err error) {
	if s.caughtUp {
		if err := s.pace.wait(ctx); err != nil {
			return page, false, err
		}
	}
	var facts ledger.Batch
	err = s.reads.read(ctx, func() (err error) {
		facts, page, err = s.read(ctx)
		return err
	})
	if err != nil {
		return page, false, err
	}
	if len(page.Events) > 0 {
		s.pace.reset()
	}
	s.caughtUp = len(page.Events) < eventsAtOnce
	return page, facts.Done() && s.caughtUp, nil
}

// read reads the batch before its events: what had happened when it was over is among them.
func (s *eventStream) read(ctx context.Context) (facts ledger.Batch, page ledger.EventPage, err error) {
	if facts, err = s.batch.Status(ctx); err != nil {
		return facts, page, err
	}
	page, err = s.batch.client.ledger.EventPage(ctx, s.batch.Name, s.after, eventsAtOnce)
	return facts, page, err
}

// hand yields a page, and reports whether more is wanted.
func (s *eventStream) hand(page ledger.EventPage, yield func(ledger.Event, error) bool) bool {
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
