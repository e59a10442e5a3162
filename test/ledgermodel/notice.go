package ledgermodel

import (
	"cmp"
	"fmt"
	"slices"

	"havip/ledger"
)

// SetOnComplete reports whether there is such a batch.
func (m *Model) SetOnComplete(name, url string) bool {
	b, found := m.batches[name]
	if !found {
		return false
	}
	news := b.told != url || b.gaveUp != nil
	b.told, b.gaveUp, b.registered = url, nil, m.now()
	if b.completed != 0 && news {
		b.owe()
	}
	return true
}

// owe is of the latest completion, anew if it is owed already.
func (b *batch) owe() {
	if b.told == "" {
		return
	}
	facts := b.facts()
	notice := ledger.Notice{
		Completion: b.completions, CompletedAt: b.completed, Total: facts.Total, Counts: facts.Counts,
	}
	if last := len(b.owed) - 1; last >= 0 && b.owed[last].Completion == b.completions {
		b.owed = b.owed[:last]
	}
	b.owed = append(b.owed, notice)
}

// RecordNotice is of an attempt as the caller saw the batch then.
func (m *Model) RecordNotice(seen ledger.Batch, notice ledger.Notice, outcome ledger.NoticeOutcome, heard string) ledger.Verdict {
	b, now := m.batches[seen.Name], m.now()
	if b == nil {
		return ledger.Absent
	}
	at := b.owes(notice.Completion)
	switch {
	case at < 0:
		return ledger.Absent
	case b.told != seen.OnComplete:
		return ledger.Late
	}
	attempts := b.owed[at].Attempts
	switch outcome {
	case ledger.NoticeDelivered:
		b.drop(at)
		b.gaveUp = nil
		b.tell(now, "notified", "", fmt.Sprintf("completion %d, attempt %d: %s", notice.Completion, attempts+1, heard))
	case ledger.NoticeGivenUp:
		given := b.drop(at)
		given.Attempts, given.LastTriedAt, given.Why = notice.Attempts+1, now, heard
		b.gaveUp = &given
		b.tell(now, "notify-failed", "", fmt.Sprintf("completion %d, attempts %d: %s", notice.Completion, given.Attempts, heard))
	case ledger.NoticeFailed, ledger.NoticeHeld:
		if attempts != notice.Attempts {
			return ledger.Same
		}
		b.owed[at] = undelivered(b.owed[at], now, outcome, heard)
	}
	return ledger.Applied
}

// owes is where the notice of a completion stands among the owed ones, or -1.
func (b *batch) owes(completion int64) int {
	return slices.IndexFunc(b.owed, func(n ledger.Notice) bool { return n.Completion == completion })
}

func (b *batch) drop(at int) ledger.Notice {
	dropped := b.owed[at]
	b.owed = slices.Delete(b.owed, at, at+1)
	return dropped
}

// undelivered is the notice after an attempt that did not succeed; only what was sent is counted.
func undelivered(n ledger.Notice, now ledger.Millis, outcome ledger.NoticeOutcome, heard string) ledger.Notice {
	n.Why = heard
	if outcome == ledger.NoticeFailed {
		n.Attempts++
		n.FirstTriedAt, n.LastTriedAt = cmp.Or(n.FirstTriedAt, now), now
	}
	return n
}

// cloneOwed is nil for none, as the ledger's answer is.
func cloneOwed(owed []ledger.Notice) []ledger.Notice {
	return append([]ledger.Notice(nil), owed...)
}
