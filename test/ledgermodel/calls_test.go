package ledgermodel_test

import (
	"time"

	"pgregory.net/rapid"

	"havip/ledger"
	"havip/lifecycle"
)

// drawUsual is what is usually done next with an item that stands so.
func (w *twins) drawUsual(t *rapid.T, item ledger.Owner) operation {
	standing := w.items[item].Record
	switch {
	case standing.State == "":
		return register{item.Batch, ledger.Source{}, specsOf(item.Batch, item.Key)}
	case standing.Spent:
		return renew{item, seen{standing.ClientToken, standing.Sends, false, "", standing.Past}, tokenOf(item, standing.Generation+1)}
	case standing.Unconfirmed():
		return w.drawConfirm(t, item)
	case standing.State == ledger.Created:
		return w.drawRollback(t, item)
	case standing.Deletion != nil && standing.LeaseUntil != 0:
		return w.drawEndDeletion(t, item)
	case standing.Deletion != nil:
		return w.drawBeginDeletion(t, item)
	case standing.State.Terminal():
		return retry{item.Batch, []ledger.Retrial{{Seen: w.items[item], Next: tokenOf(item, standing.Generation+1)}}}
	case standing.State == ledger.Sending:
		return record{item, standing.Sends, w.drawOutcome(t, item, standing.Sends)}
	case standing.Unknown:
		saw := seen{standing.ClientToken, standing.Sends, true, standing.Code, standing.Past}
		return pick[operation](t, "found",
			renew{item, saw, tokenOf(item, standing.Generation+1)}, renew{item, saw, tokenOf(item, standing.Generation+1)},
			adopt{item, saw, "havip-" + standing.ClientToken, drawIP(t)})
	case w.facts[item.Batch].Hold != nil && pick(t, "seen to", true, false):
		return w.drawResume(t, item)
	default:
		return begin{item, w.usualTerms(t, item)}
	}
}

func (w *twins) drawRegister(t *rapid.T, item ledger.Owner) operation {
	source := ledger.Source{
		File: pick(t, "file", "a.csv", "b.csv"), Whole: pick(t, "whole", false, false, true), MaxFailures: drawLimit(t),
		Plan: pick(t, "plan", "", "p"), Task: pick(t, "task", false, false, true),
	}
	return register{item.Batch, source, drawSpecs(t, item.Batch)}
}

func (w *twins) drawCompare(t *rapid.T, item ledger.Owner) operation {
	return compare{item.Batch, drawSpecs(t, item.Batch)}
}

func (w *twins) drawMarkEnqueued(t *rapid.T, item ledger.Owner) operation {
	return markEnqueued{item.Batch, drawKeys(t, item.Batch)}
}

func (w *twins) drawForget(t *rapid.T, item ledger.Owner) operation {
	return forget{item.Batch, pick(t, "incomplete", true, false)}
}

func (w *twins) drawCommit(_ *rapid.T, item ledger.Owner) operation { return commit{item.Batch} }

func (w *twins) drawSetOnComplete(t *rapid.T, item ledger.Owner) operation {
	return setOnComplete{item.Batch, pick(t, "url", "https://a.example/", "https://b.example/")}
}

// drawRecordNotice is of what is owed, or of what was owed or seen otherwise.
func (w *twins) drawRecordNotice(t *rapid.T, item ledger.Owner) operation {
	seen := ledger.Batch{Name: item.Batch, OnComplete: "https://a.example/"}
	notice := ledger.Notice{Completion: 1}
	if standing := w.facts[item.Batch]; len(standing.Owed) > 0 {
		seen.OnComplete = pick(t, "told", standing.OnComplete, standing.OnComplete, standing.OnComplete, "https://b.example/")
		notice = pick(t, "notice", standing.Owed...)
		notice.Attempts -= pick(t, "attempts ago", 0, 0, 0, 1)
	}
	return recordNotice{seen, notice, pick(t, "outcome", ledger.NoticeFailed, ledger.NoticeFailed, ledger.NoticeHeld, ledger.NoticeDelivered, ledger.NoticeGivenUp)}
}

func (w *twins) drawBegin(t *rapid.T, item ledger.Owner) operation {
	return begin{item, w.drawTerms(t, item)}
}

// drawRecord is of the latest send, of one that nothing was heard of, or of any.
func (w *twins) drawRecord(t *rapid.T, item ledger.Owner) operation {
	standing := w.items[item].Record
	if standing.Sends == 0 { // only what was begun has an outcome
		return w.drawBegin(t, item)
	}
	silent := pick(t, "silent", w.promises.accounts[item].silent()...)
	n := pick(t, "send", standing.Sends, silent, rapid.IntRange(1, standing.Sends).Draw(t, "any"))
	return record{item, n, w.drawOutcome(t, item, n)}
}

func (w *twins) drawSettle(t *rapid.T, item ledger.Owner) operation {
	return settle{item, pick(t, "state", ledger.Review, ledger.Rejected, ledger.Canceled), "Reason", "why"}
}

func (w *twins) drawAdopt(t *rapid.T, item ledger.Owner) operation {
	return adopt{item, w.drawSeen(t, item), w.drawID(t, item), drawIP(t)}
}

func (w *twins) drawRenew(t *rapid.T, item ledger.Owner) operation {
	standing := w.items[item].Record
	next := standing.Generation + pick(t, "next", 1, 1, 1, 0)
	if standing.Spent { // its token is of the first generation, whichever that is now
		next = standing.Generation + 1
	}
	return renew{item, w.drawSeen(t, item), tokenOf(item, next)}
}

func (w *twins) drawRetry(t *rapid.T, item ledger.Owner) operation {
	var retrials []ledger.Retrial
	for _, key := range drawKeys(t, item.Batch) {
		owner := ledger.Owner{Batch: item.Batch, Key: key}
		standing, seen := w.standing(owner), w.drawSeen(t, owner)
		standing.Record.ClientToken, standing.Record.Sends = seen.token, seen.sends
		retrials = append(retrials, ledger.Retrial{Seen: standing, Next: tokenOf(owner, standing.Record.Generation+1)})
	}
	return retry{item.Batch, retrials}
}

func (w *twins) drawCancel(t *rapid.T, item ledger.Owner) operation {
	var items []ledger.Item
	for _, key := range drawKeys(t, item.Batch) {
		items = append(items, w.standing(ledger.Owner{Batch: item.Batch, Key: key}))
	}
	return cancel{item.Batch, items}
}

func (w *twins) drawConfirm(t *rapid.T, item ledger.Owner) operation {
	rec := w.items[item].Record
	look := lifecycle.Look{
		HaVIPID: pick(t, "of", rec.HaVIPID, rec.HaVIPID, "havip-other"), ConfirmWithin: 10 * time.Minute,
		Next: tokenOf(item, rec.Generation+1),
	}
	if pick(t, "shown", true, false) {
		age := pick(t, "age", 0, time.Second, time.Minute, 24*time.Hour)
		look.Shown = &lifecycle.Sight{Address: drawIP(t), Age: age}
	}
	return confirm{item, look}
}

func (w *twins) drawRelease(t *rapid.T, item ledger.Owner) operation {
	return release{item, drawWorker(t), pick(t, "silent", 16*time.Second, 16*time.Second-time.Millisecond, 0, time.Hour)}
}

func (w *twins) drawPause(_ *rapid.T, item ledger.Owner) operation { return pause{item.Batch} }

func (w *twins) drawResume(t *rapid.T, item ledger.Owner) operation {
	return resume{item.Batch, pick(t, "other limit", false, true), drawLimit(t)}
}

func (w *twins) drawLimitFailures(t *rapid.T, item ledger.Owner) operation {
	return limitFailures{item.Batch, drawLimit(t)}
}

// drawLimit is for batches of two or three items.
func drawLimit(t *rapid.T) ledger.FailureLimit {
	return pick[ledger.FailureLimit](t, "limit", "", "0", "1", "50%", "33.33%", "33.34%", "0%")
}
