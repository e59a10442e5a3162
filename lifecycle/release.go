package lifecycle

import "time"

// Released is what releasing a dead worker's item did.
type Released string

// The results of [Release].
const (
	// ReleasedApplied: the item needs a task, and its next attempt may begin.
	ReleasedApplied Released = "applied"
	// ReleasedEarly: the dead worker's request may still be under way; release again after the wait.
	ReleasedEarly Released = "early"
	// ReleasedFinished: nothing is left to do for it.
	ReleasedFinished Released = "finished"
	// ReleasedBusy: another worker's attempt is in flight.
	ReleasedBusy Released = "busy"
	// ReleasedAbsent: the item is not registered. The ledger returns it.
	ReleasedAbsent Released = "absent"
)

// Release lets an item go on whose task a dead worker held, of which the caller knows that it was silent for
// this long, by the caller's monotonic clock. With [ReleasedEarly] it answers how much longer it must be.
//
// A lease is longer than a request, because its worker has to record the outcome as well. A dead worker
// records nothing, so its attempt ends with its request. It does not end sooner: a worker that is only cut off
// from Redis looks dead too, while its request may still be under way. Its silence proves that it is over,
// for [BeginTerms] bound it from a beat on. What the request did is not decided here: begin, which comes
// next, counts it as interrupted.
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
