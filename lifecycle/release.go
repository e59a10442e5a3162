package lifecycle

import "time"

// Released is the result of releasing a dead worker's item.
type Released string

// The results of [Release].
const (
	// ReleasedApplied: the item needs a task, and its next attempt may begin.
	ReleasedApplied Released = "applied"
	// ReleasedEarly: the dead worker's request may still be in flight; release again after the wait.
	ReleasedEarly Released = "early"
	// ReleasedFinished: the item is finished.
	ReleasedFinished Released = "finished"
	// ReleasedBusy: another worker's attempt is in flight.
	ReleasedBusy Released = "busy"
	// ReleasedAbsent: the item is not registered. The ledger returns it.
	ReleasedAbsent Released = "absent"
)

// Release releases an item that a dead worker had claimed. Silent is how long the worker sent no heartbeat, by the
// caller's monotonic clock. With [ReleasedEarly] it returns how much longer the silence must last.
//
// A dead worker records no outcome, so its attempt ends with its request, before the lease. It does not end sooner,
// because a worker that is only cut off from Redis looks dead too, and its request may be in flight. [BeginTerms] bound
// the request from a heartbeat on, so a long enough silence proves that it has ended. The next [Begin] records it as
// interrupted.
func Release(s Snapshot, dead string, silent time.Duration) (Released, time.Duration, Change) {
	rec := s.Record
	switch {
	case rec.State.Terminal():
		return ReleasedFinished, 0, Change{}
	case !rec.InFlight():
		return ReleasedApplied, 0, Change{}
	case rec.Worker != dead:
		return ReleasedBusy, 0, Change{}
	case rec.LeaseUntil == 0: // released before
		return ReleasedApplied, 0, Change{}
	}
	if wait := rec.RequestUntil.since(rec.began()) - silent; wait > 0 {
		return ReleasedEarly, wait, Change{}
	}
	d := s.draft()
	d.LeaseUntil = 0
	return ReleasedApplied, 0, d.done()
}
