package audit

import (
	"context"
	"fmt"

	"havip/internal/notify"
	"havip/internal/words"
	"havip/ledger"
)

// noticeBatches bounds how many batches are looked at for notices: of those with work left, and of the
// newest.
const noticeBatches = 200

// notices tells of completions that nobody was told of yet, and of those that were given up.
func (x *examination) notices(ctx context.Context) error {
	owing, _, err := x.ledger.PendingNotifications(ctx, 0, noticeBatches)
	if err != nil {
		return err
	}
	if err := x.owed(owing); err != nil { //nolint:contextcheck // one look bounds itself
		return err
	}
	newest, err := x.ledger.Newest(ctx, noticeBatches)
	if err != nil {
		return err
	}
	return x.givenUp(newest)
}

func (x *examination) owed(owing []ledger.Batch) error {
	var waiting, failing []string
	for _, b := range owing {
		for _, n := range b.PendingNotifications {
			waiting = append(waiting, b.Name)
			if n.Why != "" {
				failing = append(failing, fmt.Sprintf("%s to %s (%s, the last: %s)", b.Name, notify.Shown(b.OnComplete), counted(n.Attempts, "attempt"), textOf(n.Why).shown()))
			}
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	served, err := notify.Served(x.Redis)
	text := words.Count(len(waiting), "notice of a completed batch is", "notices of completed batches are")
	switch {
	case err != nil:
		return err
	case !served:
		return x.tell(warning(CodeNotices, "notices", "%s owed, and no worker delivers any: %s.", text, examples(waiting)).
			saying("They wait until a worker delivers them.", "Give a worker "+notify.Remedy+"; see `worker --help`."))
	case len(failing) == 0:
		return x.tell(note(CodeNotices, "notices", "%s on the way: %s.", text, examples(waiting)))
	}
	return x.tell(warning(CodeNotices, "notices", "%s owed and could not be delivered yet: %s.", text, examples(failing)).
		saying("They are tried again, for three days from the first attempt on.",
			"Mend the receiver, or let workers call its host (--webhook-host), or name another URL: `enqueue apply FILE --on-complete URL`."))
}

func (x *examination) givenUp(batches []ledger.Batch) error {
	var names []string
	for _, b := range batches {
		if b.FailedNotification != nil {
			names = append(names, fmt.Sprintf("%s to %s (%s)", b.Name, notify.Shown(b.OnComplete), textOf(b.FailedNotification.Why).shown()))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return x.tell(warning(CodeNoticesGivenUp, "notices", "%s given up: %s.", words.Count(len(names), "notice was", "notices were"), examples(names)).
		saying("Whoever waits for it was not told that the batch is complete.",
			"Mend the receiver, and tell it anew: `enqueue apply FILE --on-complete URL`."))
}
