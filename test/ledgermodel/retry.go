package ledgermodel

import (
	"cmp"
	"fmt"

	"havip/ledger"
)

// Retry lets items go on that had come to an end.
func (m *Model) Retry(name string, retrials []ledger.Retrial) []ledger.Commanded {
	now := m.now()
	answers := make([]ledger.Commanded, len(retrials))
	for n, r := range retrials {
		answers[n] = ledger.Commanded{Verdict: ledger.Absent, Item: r.Seen}
		if i := m.item(name, r.Seen.Key); i != nil {
			answers[n].Verdict = i.retry(now, r)
			answers[n].Item.Record, answers[n].Item.ClientToken = i.record(), i.token
		}
	}
	return answers
}

func (i *item) retry(now ledger.Millis, r ledger.Retrial) ledger.Verdict {
	switch {
	case i.state == ledger.Sending:
		return ledger.Busy
	case i.state.Succeeded() || i.state == ledger.Deleted:
		return ledger.Finished
	case !i.state.Terminal():
		return ledger.Same
	case i.token != r.Seen.Record.ClientToken || len(i.sends) != r.Seen.Record.Sends:
		return ledger.Late
	case i.state == ledger.Review || i.inDoubt():
		i.lookFirst(now)
	default:
		i.beginAnew(now, r.Next)
	}
	i.batch.reopened(now)
	return ledger.Applied
}

// lookFirst is for an item that may have created something: what the last request said stands again.
func (i *item) lookFirst(now ledger.Millis) {
	last := i.last()
	i.words.Code, i.words.Message = last.Code, last.Message
	i.firstSent = cmp.Or(i.firstSent, i.lastSent, i.registered)
	i.suspect(cmp.Or(i.lastSent, now) + i.lately().offset)
	i.look, i.enqueued = true, 0
	i.batch.tell(now, "retried", i.spec.Key, "looked for first")
	i.enter(now, ledger.Unknown, "retry")
}

// beginAnew is for an item that created nothing. Its token may be remembered for a refusal, so it gets
// the next one, unless no request ever carried it.
func (i *item) beginAnew(now ledger.Millis, next string) {
	if len(i.sends) > 0 {
		i.generation, i.token = i.generation+1, next
	}
	renewed := i.renewed // a person's command is no news of what exists
	i.forget()
	i.startOver(renewed)
	i.words = ledger.Outcome{}
	detail := ""
	if i.generation > 1 {
		detail = fmt.Sprintf("clientToken %d", i.generation)
	}
	i.batch.tell(now, "retried", i.spec.Key, detail)
	i.enter(now, ledger.Queued, "")
}
