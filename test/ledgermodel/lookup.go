package ledgermodel

import (
	"cmp"
	"fmt"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

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
		case flying != nil && !flying.released:
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

// Confirm enters what BCE shows of the HaVIP that it answered to have created.
func (m *Model) Confirm(name, key string, o lifecycle.Look) lifecycle.Confirmation {
	i, now := m.item(name, key), m.now()
	if i == nil || i.askAt == 0 || i.haVIPID != o.HaVIPID {
		return lifecycle.ConfirmationNone
	}
	if i.lastSent-now > span(ahead) {
		i.lastSent = now
	}
	if i.missedAt-now > span(ahead) {
		i.missedAt = 0
	}
	if o.Shown != nil {
		return i.appear(now, o)
	}
	if i.state == ledger.Created && now < max(i.missedFrom(now)+span(time.Minute), i.lastSent+span(o.ConfirmWithin)) {
		return i.askLater(now)
	}
	if i.state == ledger.Adopted {
		return i.sure(now, lifecycle.ConfirmationOwn)
	}
	why := fmt.Sprintf("BCE answered with %s and did not show it within %s, neither when it was asked for nor in two listings", i.haVIPID, o.ConfirmWithin)
	i.haVIPID, i.address, i.askAt, i.missedAt, i.enqueued, i.firstSent = "", "", 0, 0, 0, 0
	i.generation, i.token, i.renewedFor, i.spent = i.generation+1, o.Next, "", false
	i.startOver(now)
	i.batch.tell(now, "renewed", key, why)
	i.enter(now, ledger.Queued, "")
	return lifecycle.ConfirmationRenewed
}

func (i *item) missedFrom(now ledger.Millis) ledger.Millis {
	if i.missedAt == 0 {
		i.missedAt = now
	}
	return i.missedAt
}

// appear is about a HaVIP that BCE shows.
func (i *item) appear(now ledger.Millis, o lifecycle.Look) lifecycle.Confirmation {
	i.missedAt = 0
	if o.Shown.Address == "" && i.address == "" && now-i.lastSent < span(o.ConfirmWithin) {
		return i.askLater(now)
	}
	if o.Shown.Address != "" && o.Shown.Address != i.address {
		i.address = o.Shown.Address
		i.batch.tell(now, "address", i.spec.Key, i.address)
	}
	sent := milliseconds(now - cmp.Or(i.firstSent, i.registered))
	if i.state == ledger.Created && (sent < 0 || o.Shown.Age > 3*time.Second+sent) {
		i.words.Message = fmt.Sprintf("%s was created %s before this item's first request: another ledger's or program's request under the same clientToken created it",
			i.haVIPID, (o.Shown.Age - sent).Round(time.Second))
		if sent < 0 {
			i.words.Message = i.haVIPID + " may be another's: the clock was put back since this item's first request, and its age cannot be told"
		}
		i.state = ledger.Adopted
		i.batch.tell(now, "adopted", i.spec.Key, i.words.Message)
		return i.sure(now, lifecycle.ConfirmationAdopted)
	}
	return i.sure(now, lifecycle.ConfirmationOwn)
}

func (i *item) askLater(now ledger.Millis) lifecycle.Confirmation {
	i.askAt, i.changed = now+min(max(now-i.lastSent, span(time.Second)), span(time.Minute)), now
	return lifecycle.ConfirmationAgain
}

// sure: the item is finished.
func (i *item) sure(now ledger.Millis, answer lifecycle.Confirmation) lifecycle.Confirmation {
	i.askAt, i.missedAt, i.moved, i.changed = 0, 0, now, now
	i.forget()
	i.batch.completeOnceDone(now)
	return answer
}

func milliseconds(m ledger.Millis) time.Duration { return time.Duration(m) * time.Millisecond }
