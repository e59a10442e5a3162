package ledgermodel

import "havip/ledger"

// Adopt records a HaVIP that was found as the item's own.
func (m *Model) Adopt(name, key string, seen ledger.Record, id, address string) (ledger.Verdict, ledger.Record) {
	return m.decide(name, key, func(i *item, now ledger.Millis) ledger.Verdict {
		if i.past != seen.Past && !i.settled() { // what was found is of before
			return ledger.Foreign
		}
		if verdict := i.movedOn(seen); verdict != "" {
			return verdict
		}
		if seen.Unknown && !i.inDoubt() {
			return ledger.Late
		}
		i.words.Code, i.words.Message, i.spent = "", "", false
		i.obtain(now, ledger.Adopted, id, address)
		return ledger.Applied
	})
}

// Renew gives the item its next token, on a proof about the present one.
func (m *Model) Renew(name, key string, seen ledger.Record, next, why string) (ledger.Verdict, ledger.Record) {
	return m.decide(name, key, func(i *item, now ledger.Millis) ledger.Verdict {
		if !i.settled() && i.token == next {
			return ledger.Same
		}
		if verdict := i.movedOn(seen); verdict != "" {
			return verdict
		}
		if i.wish != nil { // it needs no token
			i.withdraw(now, i.wish.Reason)
			return ledger.Withdrawn
		}
		i.clearDoubt()
		i.spent = false
		i.generation, i.token, i.renewedFor = i.generation+1, next, seen.Code
		i.startOver(now)
		i.batch.tell(now, "renewed", key, why)
		i.enter(now, ledger.Queued, "")
		return ledger.Applied
	})
}

// startOver forgets what the item's requests came to, of which it was proven then that they created nothing.
func (i *item) startOver(proven ledger.Millis) {
	i.renewed, i.failing, i.answers = proven, 0, nil
}

// movedOn tells a caller that what it found out is not of this moment.
func (i *item) movedOn(seen ledger.Record) ledger.Verdict {
	switch {
	case i.settled():
		return ledger.Finished
	case i.token != seen.ClientToken:
		return ledger.Foreign
	case i.flying() != nil || len(i.sends) != seen.Sends:
		return ledger.Late
	}
	return ""
}

// Settle ends an item that no request will decide.
func (m *Model) Settle(name, key string, state ledger.State, code, message string) (ledger.Verdict, ledger.Record) {
	return m.decide(name, key, func(i *item, now ledger.Millis) ledger.Verdict {
		if i.settled() {
			return ledger.Finished
		}
		flying := i.flying()
		switch {
		case flying != nil && flying.left(now) > 0:
			return ledger.Busy
		case state == ledger.Rejected && (flying != nil || i.inDoubt()):
			return ledger.Late
		case flying != nil:
			i.interrupt(now)
		}
		i.words.Code, i.words.Message = code, message
		i.last().until = 0
		i.wish = nil // a person decides from here
		i.enter(now, state, code)
		return ledger.Applied
	})
}

// NoteAddress enters the address of an item's HaVIP once, or gives up on it.
func (m *Model) NoteAddress(name, key, id, address string) ledger.Verdict {
	i := m.item(name, key)
	switch {
	case i == nil || i.haVIPID == "" || i.haVIPID != id:
		return ledger.Absent
	case i.address != "" || (address == "" && i.addressGivenUp):
		return ledger.Same
	}
	now := m.now()
	i.address, i.addressGivenUp, i.changed = address, address == "", now
	if address != "" {
		i.batch.tell(now, "address", key, address)
	}
	return ledger.Applied
}
