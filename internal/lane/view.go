package lane

import (
	"sync"
	"time"
)

const (
	// viewAge is how long a process caches that nothing is suspended. So a busy lane asks Redis four times a second instead of for
	// each request. The price is that the fault of another process is seen this much later: at five requests a second over all
	// workers, that is one or two more calls, once per suspension. The process's own faults are seen at once.
	viewAge = 250 * time.Millisecond
	// refusalAge is how long a process caches that a subnet is suspended. Items of a suspended subnet are postponed for longer than
	// that, so that no item waits longer for it.
	refusalAge = time.Second
)

// view is a process's cached knowledge of its lane's suspensions. The zero view knows nothing.
type view struct {
	mu sync.Mutex
	// openUntil is until when nothing is considered suspended, as of epoch.
	openUntil time.Time
	epoch     int64
	refusals  map[part]refusal
	// fresh is true if the next request may probe without waiting for the back-off.
	fresh bool
	// forgotten counts the calls of forget, so that an answer that was requested before such a call is not cached
	// after it.
	forgotten int
}

type refusal struct {
	suspension Suspension
	// due is when the suspension may admit a probe; until is when this cache entry expires.
	due, until time.Time
}

// open reports whether nothing is suspended, and the epoch of that knowledge.
func (v *view) open(now time.Time) (epoch int64, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.epoch, now.Before(v.openUntil)
}

// refusal returns the suspension of a part that is certainly not due yet.
func (v *view) refusal(p part, now time.Time) (suspension Suspension, wait time.Duration, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, ok := v.refusals[p]
	if !ok {
		return Suspension{}, 0, false
	}
	if !now.Before(r.until) {
		delete(v.refusals, p)
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

// note caches an answer of Redis that was requested at the given time and generation.
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
	if !a.Allowed && a.Suspension != nil && a.Suspension.Target != TargetLane {
		if v.refusals == nil {
			v.refusals = map[part]refusal{}
		}
		due := asked.Add(a.Wait)
		v.refusals[a.part] = refusal{suspension: *a.Suspension, due: due, until: asked.Add(min(a.Wait, refusalAge))}
	}
}

// forget makes the next request ask Redis. With fresh, that request may also probe at once.
func (v *view) forget(fresh bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.openUntil = time.Time{}
	clear(v.refusals)
	v.fresh = v.fresh || fresh
	v.forgotten++
}
