package worker

import (
	"time"

	"havip/ledger"
)

// Silence is how long this observer has seen no heartbeat of a worker.
type Silence struct {
	Worker string
	// Since is when the observer first saw the worker's last beat, or that it is dead, by its own monotonic clock:
	// at the worker's last beat or later.
	Since time.Time
}

// For returns the minimum time for which the worker has been silent.
func (s Silence) For() time.Duration { return time.Since(s.Since) }

// watchGap is the maximum interval between two observations. An observer that was stopped or cut off for
// longer has observed nothing; otherwise, after an outage of Redis, the first worker to return would declare
// all others dead.
const watchGap = 2 * BeatEvery

// observer measures how long each worker's heartbeat count has stayed the same, by this process's monotonic
// clock alone. Redis's clock does not matter.
type observer struct {
	lastSeen map[string]beatCount
	// watching is the start of the observation without a gap; looked is the time of the last observation.
	watching, looked time.Time
}

// beatCount is a worker's last known heartbeat count and when this observer first saw it.
type beatCount struct {
	beat  int64
	since time.Time
}

// look processes heartbeats that were requested at asked and received at answered.
func (o *observer) look(heartbeats ledger.Heartbeats, asked, answered time.Time) {
	if asked.Sub(o.looked) > watchGap {
		o.watching = answered
	}
	o.looked = answered
	lastSeen := make(map[string]beatCount, len(heartbeats.Counts))
	for name, beat := range heartbeats.Counts {
		lastSeen[name] = o.beatOf(name, beat, answered)
	}
	for _, name := range heartbeats.Dead {
		if _, known := heartbeats.Counts[name]; !known { // Redis lost its number
			lastSeen[name] = o.beatOf(name, 0, answered)
		}
	}
	o.lastSeen = lastSeen
}

// beatOf returns the previous entry if the count is unchanged, and a new entry otherwise.
func (o *observer) beatOf(name string, beat int64, now time.Time) beatCount {
	if before, known := o.lastSeen[name]; known && before.beat == beat {
		return before
	}
	return beatCount{beat, now}
}

// silent returns the workers that are not declared dead and whose count stayed the same for DeadAfter, as
// observed without a gap up to asked.
func (o *observer) silent(heartbeats ledger.Heartbeats, asked time.Time) map[string]int64 {
	found := map[string]int64{}
	for name, s := range o.lastSeen {
		if asked.Sub(later(s.since, o.watching)) >= DeadAfter {
			found[name] = s.beat
		}
	}
	for _, name := range heartbeats.Dead {
		delete(found, name)
	}
	return found
}

// silences returns since when the dead workers have been silent.
func (o *observer) silences(dead []string) []Silence {
	var silences []Silence
	for _, name := range dead {
		silences = append(silences, Silence{name, o.lastSeen[name].since})
	}
	return silences
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
