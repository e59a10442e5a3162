package worker

import (
	"testing"
	"time"

	"havip/ledger"
)

// What an observer holds for silence: the same number, seen without a gap. A number that goes back, as after a
// failover that lost a beat, is a sign of life as any other.
func TestObserver(t *testing.T) {
	t.Parallel()
	type seen struct {
		after time.Duration
		beat  int64
	}
	every := func(n int, beat int64) (looks []seen) {
		for range n {
			looks = append(looks, seen{BeatEvery, beat})
		}
		return looks
	}
	for name, test := range map[string]struct {
		looks  []seen
		silent bool
		since  time.Duration
	}{
		"for less than DeadAfter": {every(4, 7), false, BeatEvery},
		"for DeadAfter":           {every(5, 7), true, BeatEvery},
		"a beat at last":          {append(every(5, 7), seen{BeatEvery, 8}), false, 6 * BeatEvery},
		"a number that went back": {append(every(5, 7), seen{BeatEvery, 6}), false, 6 * BeatEvery},
		"looked after a gap":      {append(every(2, 7), seen{time.Hour, 7}), false, BeatEvery},
		"and again for too short": {append(append(every(2, 7), seen{time.Hour, 7}), every(3, 7)...), false, BeatEvery},
		"and again for DeadAfter": {append(append(every(2, 7), seen{time.Hour, 7}), every(4, 7)...), true, BeatEvery},
	} {
		var o observer
		var heartbeats ledger.Heartbeats
		start := time.Now()
		now := start
		for _, look := range test.looks {
			now = now.Add(look.after)
			heartbeats = ledger.Heartbeats{Counts: map[string]int64{"w": look.beat}}
			o.look(heartbeats, now, now)
		}
		if _, silent := o.silent(heartbeats, now)["w"]; silent != test.silent {
			t.Errorf("%s: found dead %t, want %t", name, silent, test.silent)
		}
		if since := o.silences([]string{"w"})[0].Since.Sub(start); since != test.since {
			t.Errorf("%s: silent since %s, want %s", name, since, test.since)
		}
		heartbeats.Dead = []string{"w"}
		if len(o.silent(heartbeats, now)) != 0 {
			t.Errorf("%s: found dead twice", name)
		}
	}
}

// Of a dead worker whose number Redis lost, an observer knows the silence from when it first heard of the death.
func TestObserverOfAWorkerWithoutANumber(t *testing.T) {
	t.Parallel()
	var o observer
	first := time.Now()
	heartbeats := ledger.Heartbeats{Dead: []string{"w"}}
	for look := range 3 {
		at := first.Add(time.Duration(look) * BeatEvery)
		o.look(heartbeats, at, at)
	}
	if got := o.silences(heartbeats.Dead)[0].Since; !got.Equal(first) {
		t.Errorf("since %s after the first look", got.Sub(first))
	}
}
