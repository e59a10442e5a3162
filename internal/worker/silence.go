package worker

import (
	"time"

	"havip/ledger"
)

// Silence is how long an observer has known a worker to be silent.
type Silence struct {
	Worker string
	// Since is when the observer first saw the worker's last beat, or saw first that it is dead, by its own
	// monotonic clock: at the worker's last beat or later.
	Since time.Time
}

// For is how long the worker has been silent at least.
func (s Silence) For() time.Duration { return time.Since(s.Since) }

// watchGap is how far two looks of an observer may be apart. Whoever was away for longer, since it was stopped
// or cut off, has observed nothing: after an outage of Redis, the first to return would find all others dead.
const watchGap = 2 * BeatEvery

// observer measures how long each worker's number of beats has stayed the same, by this process's monotonic
// clock alone. What Redis's clock says, or does, does not matter.
type observer struct {
	lastSeen map[string]beatCount
	// watching is since when it has looked without a gap, and looked when it did last.
	watching, looked time.Time
}

// beatCount is the last sign of life of a worker: the number of its beats, and when that was seen first.
type beatCount struct {
	beat  int64
	since time.Time
}

// look notes a roll that was asked for at one time and answered at another. What it shows was so in between.
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

// beatOf is the worker's sign of before if its number is still the same, and a new one otherwise.
func (o *observer) beatOf(name string, beat int64, now time.Time) beatCount {
	if before, known := o.lastSeen[name]; known && before.beat == beat {
		return before
	}
	return beatCount{beat, now}
}

// silent are those that are not known to be dead and whose number stayed the same for DeadAfter, as far as was
// asked at this time, under the observer's own eyes.
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

// silences tell of dead workers since when they have been silent.
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
