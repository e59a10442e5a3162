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
	signs map[string]sign
	// watching is since when it has looked without a gap, and looked when it did last.
	watching, looked time.Time
}

// sign is the last sign of life of a worker: the number of its beats, and when that was seen first.
type sign struct {
	beat  int64
	since time.Time
}

// look notes a roll that was asked for at one time and answered at another. What it shows was so in between.
func (o *observer) look(roll ledger.Roll, asked, answered time.Time) {
	if asked.Sub(o.looked) > watchGap {
		o.watching = answered
	}
	o.looked = answered
	signs := make(map[string]sign, len(roll.Pulse))
	for name, beat := range roll.Pulse {
		signs[name] = o.signOf(name, beat, answered)
	}
	for _, name := range roll.Dead {
		if _, known := roll.Pulse[name]; !known { // Redis lost its number
			signs[name] = o.signOf(name, 0, answered)
		}
	}
	o.signs = signs
}

// signOf is the worker's sign of before if its number is still the same, and a new one otherwise.
func (o *observer) signOf(name string, beat int64, now time.Time) sign {
	if before, known := o.signs[name]; known && before.beat == beat {
		return before
	}
	return sign{beat, now}
}

// silent are those that are not known to be dead and whose number stayed the same for DeadAfter, as far as was
// asked at this time, under the observer's own eyes.
func (o *observer) silent(roll ledger.Roll, asked time.Time) map[string]int64 {
	found := map[string]int64{}
	for name, s := range o.signs {
		if asked.Sub(later(s.since, o.watching)) >= DeadAfter {
			found[name] = s.beat
		}
	}
	for _, name := range roll.Dead {
		delete(found, name)
	}
	return found
}

// silences tell of dead workers since when they have been silent.
func (o *observer) silences(dead []string) []Silence {
	var silences []Silence
	for _, name := range dead {
		silences = append(silences, Silence{name, o.signs[name].since})
	}
	return silences
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
