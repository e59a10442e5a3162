package ledgermodel

import (
	"time"

	"havip/ledger"
)

// Release ends a dead worker's attempt with its request.
func (m *Model) Release(name, key, dead string, silent time.Duration) ledger.Release {
	i := m.item(name, key)
	if i == nil {
		return ledger.Release{Verdict: ledger.Absent}
	}
	verdict, wait := i.release(m.now(), dead, silent)
	return ledger.Release{Verdict: verdict, Item: i.view(), Wait: wait}
}

func (i *item) release(now ledger.Millis, dead string, silent time.Duration) (ledger.Verdict, time.Duration) {
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
	case flying.released:
		return ledger.Applied, 0
	case silent < flying.request:
		return ledger.Early, flying.request - silent
	}
	flying.released, i.changed = true, now
	return ledger.Applied, 0
}
