package ledgermodel_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"havip/ledger"
)

// happening is the next thing in a story: a call, after some time, whose reply may be lost.
type happening struct {
	passes    time.Duration
	batch     string
	call      operation
	replyLost bool
}

// GoString is how a story is printed.
func (h happening) GoString() string {
	text := fmt.Sprintf("%T%+v", h.call, h.call)
	if h.passes != 0 {
		text = h.passes.String() + " later " + text
	}
	if h.replyLost {
		text += ", and again"
	}
	return text
}

// draw makes up a call about an item, or about its batch.
type draw func(w *twins, t *rapid.T, item ledger.Owner) operation

// calls are what a story is mixed of, each as often as it is here.
var calls = slices.Concat(
	slices.Repeat([]draw{(*twins).drawUsual, (*twins).drawBegin, (*twins).drawRecord}, 6),
	slices.Repeat([]draw{
		(*twins).drawAdopt, (*twins).drawRenew, (*twins).drawRelease, (*twins).drawConfirm, (*twins).drawConfirm,
		(*twins).drawRegister, (*twins).drawCommit, (*twins).drawRetry, (*twins).drawCancel,
		(*twins).drawSettle, (*twins).drawRollback, (*twins).drawBeginDeletion, (*twins).drawEndDeletion, (*twins).drawForget,
		(*twins).drawResume, (*twins).drawLimitFailures,
	}, 2),
	[]draw{
		(*twins).drawCompare, (*twins).drawMarkEnqueued, (*twins).drawPause,
		(*twins).drawSetOnComplete, (*twins).drawRecordNotice,
	},
)

func (w *twins) draw(t *rapid.T) happening {
	item := drawItem(t)
	h := happening{
		passes: w.drawTime(t, item), batch: item.Batch, call: pick(t, "call", calls...)(w, t, item),
		replyLost: pick(t, "reply lost", false, false, false, false, true),
	}
	switch h.call.(type) {
	case confirm:
		h.replyLost = false // a moment later it is asked for later
	case resume:
		h.replyLost = false // a second one may be of another hold; that repeated scripts do no more, ledgertest shows
	}
	return h
}

// drawTime is how long nothing happens: not at all, some time, or just until something of the item ends,
// to the millisecond before, at or after it. Rarely a clock is put back.
func (w *twins) drawTime(t *rapid.T, item ledger.Owner) time.Duration {
	if pick(t, "at once", true, true, true, false) {
		return 0
	}
	if ends := w.ends(item); len(ends) > 0 && pick(t, "until", true, false) {
		return pick(t, "end", ends...).Sub(w.now) + pick(t, "off by", 0, time.Millisecond, -time.Millisecond)
	}
	return pick(t, "pass", time.Millisecond, time.Second, time.Second, 20*time.Second, time.Minute, 2*time.Hour,
		tokenAge, horizon, -5*time.Second, -24*time.Hour)
}

// ends are the moments ahead at which something of the item is over.
func (w *twins) ends(item ledger.Owner) []time.Time {
	var ahead []time.Time
	add := func(from ledger.Millis, after time.Duration) {
		if end := from.Time().Add(after); from != 0 && end.After(w.now) {
			ahead = append(ahead, end)
		}
	}
	rec := w.items[item].Record
	add(rec.LeaseUntil, 0) // at which nothing ends
	if rec.State == ledger.Sending {
		return ahead
	}
	add(rec.LastSentAt, stillTrying)
	add(rec.LastSentAt, tokenAge)
	add(rec.UnknownSince, tokenAge)
	add(rec.RefusedSince, tokenAge)
	add(rec.FirstFailedAt, horizon)
	return ahead
}
