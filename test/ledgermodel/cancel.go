package ledgermodel

import "havip/ledger"

// Cancel withdraws items of which nothing was created, as soon as that is certain.
func (m *Model) Cancel(name, reason string, items []ledger.Item) []ledger.Commanded {
	answers := make([]ledger.Commanded, len(items))
	for n, seen := range items {
		answers[n] = ledger.Commanded{Verdict: ledger.Absent, Item: seen}
		if i := m.item(name, seen.Key); i != nil {
			answers[n].Verdict = i.cancel(m.now(), reason)
			answers[n].Item.Record, answers[n].Item.ClientToken = i.record(), i.token
		}
	}
	return answers
}

func (i *item) cancel(now ledger.Millis, reason string) ledger.Verdict {
	switch {
	case i.settled():
		return ledger.Finished
	case i.wish != nil:
		return ledger.Same
	case i.flying() == nil && !i.inDoubt():
		i.withdraw(now, reason)
		return ledger.Applied
	}
	i.wish = &ledger.Cancellation{At: now, Reason: reason}
	i.look = i.look || i.flying() == nil
	i.changed = now
	i.batch.tell(now, "cancel-asked", i.spec.Key, reason)
	return ledger.Asked
}

// withdraw cancels an item of which it is certain that nothing was created.
func (i *item) withdraw(now ledger.Millis, reason string) {
	i.wish = nil
	i.clearDoubt()
	i.failing, i.answers = 0, nil
	i.words.Code, i.words.Message = "Canceled", reason
	i.forget()
	i.enter(now, ledger.Canceled, reason)
}

// keep tells a person whose wish came too late: the HaVIP exists.
func (i *item) keep(now ledger.Millis) {
	if i.wish == nil {
		return
	}
	i.wish = nil
	i.words.Message = "not canceled: its HaVIP existed already"
	i.batch.tell(now, "kept", i.spec.Key, i.haVIPID)
}
