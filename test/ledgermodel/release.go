package ledgermodel

import (
	"time"

	"havip/ledger"
)

// Release ends a dead worker's attempt with its request.
func (m *Model) Release(name, key, dead string) ledger.Release {
	i := m.item(name, key)
	if i == nil {
		return ledger.Release{Verdict: ledger.Absent}
	}
	verdict, wait := i.release(m.now(), dead)
	return ledger.Release{Verdict: verdict, Item: i.view(), Wait: wait}
}

func (i *item) release(now ledger.Millis, dead string) (ledger.Verdict, time.Duration) {
	flying := i.flying()
	if i.deletion != nil {
		flying = i.deletion.inFlight()
	}
	switch {
	case i.state.Terminal():
		return ledger.Finished, 0
	case flying == nil:
		return ledger.Applied, 0
	case flying.Worker != dead:
		return ledger.Busy, 0
	}
	if flying.requestUntil < flying.until {
		flying.until, i.changed = flying.requestUntil, now
	}
	return ledger.Applied, max(0, flying.left(now))
}
