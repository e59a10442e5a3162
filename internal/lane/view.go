package lane

import (
	"sync"
	"time"
)

const (
	// viewAge is how long a process believes that nothing is held. So a busy lane asks Redis
	// four times a second instead of for each request. The price is that another process's
	// fault is seen this much later: at five requests a second over the fleet, that is one or
	// two more calls, once for a hold. The process's own faults are seen at once.
	viewAge = 250 * time.Millisecond
	// refusalAge is how long it believes that a subnet is held. Items of a held subnet are put
	// aside for longer than that, so nobody waits longer for it.
	refusalAge = time.Second
)

// view is what one process believes of its lane's holds. The zero view believes nothing.
type view struct {
	mu sync.Mutex
	// openUntil: until then nothing is held, as of epoch.
	openUntil time.Time
	epoch     int64
	refusals  map[string]refusal
	// fresh: the next request may probe without waiting for the back-off.
	fresh bool
	// forgotten counts the calls of forget, so that an answer that was asked for before one
	// is not believed after it.
	forgotten int
}

type refusal struct {
	suspension Suspension
	// due is when the hold may let a probe through; until is how long this is believed.
	due, until time.Time
}

// open reports whether nothing is held, and the epoch of that knowledge.
func (v *view) open(now time.Time) (epoch int64, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.epoch, now.Before(v.openUntil)
}

// refusal reports the hold of a subnet that is certainly not due yet.
func (v *view) refusal(subnetID string, now time.Time) (suspension Suspension, wait time.Duration, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, ok := v.refusals[subnetID]
	if !ok {
		return Suspension{}, 0, false
	}
	if !now.Before(r.until) {
		delete(v.refusals, subnetID)
		return Suspension{}, 0, false
	}
	return r.suspension, r.due.Sub(now), true
}

func (v *view) eager() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.fresh
}

func (v *view) generation() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.forgotten
}

// note takes in an answer of Redis that was asked for at the given time and generation.
func (v *view) note(a Admission, nothingHeld bool, asked time.Time, generation int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if a.Allowed {
		v.fresh = false
	}
	if v.forgotten != generation {
		return
	}
	if nothingHeld {
		v.openUntil, v.epoch = asked.Add(viewAge), a.epoch
		clear(v.refusals)
		return
	}
	if !a.Allowed && a.Suspension != nil && a.Suspension.Target == TargetSubnet {
		if v.refusals == nil {
			v.refusals = map[string]refusal{}
		}
		due := asked.Add(a.Wait)
		v.refusals[a.subnetID] = refusal{suspension: *a.Suspension, due: due, until: asked.Add(min(a.Wait, refusalAge))}
	}
}

// forget makes the next request ask Redis. With fresh it may also probe at once.
func (v *view) forget(fresh bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.openUntil = time.Time{}
	clear(v.refusals)
	v.fresh = v.fresh || fresh
	v.forgotten++
}
