package worker

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// A worker is ready while its heartbeats are written, and live while it tries to write them.
func TestHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &outage{log: zerolog.Nop()}
		w := &Worker{parts: &Parts{config: Config{outage: o, started: time.Now()}}}
		expect := func(when string, live, ready bool) {
			t.Helper()
			if err := w.Live(); (err == nil) != live {
				t.Errorf("%s: live: %v", when, err)
			}
			if err := w.Ready(); (err == nil) != ready {
				t.Errorf("%s: ready: %v", when, err)
			}
		}
		pass := func(d time.Duration) { <-time.After(d) }
		expect("before the first heartbeat", true, false)
		o.heartbeat(time.Now(), nil)
		expect("after a heartbeat", true, true)
		pass(freshFor + time.Millisecond)
		expect("without one for long", true, false)
		o.heartbeat(time.Now(), nil)
		o.heartbeat(time.Now(), errors.New("READONLY"))
		expect("after a refused one", true, false)
		pass(stuckAfter - time.Second)
		o.heartbeat(time.Now(), errors.New("no Redis"))
		pass(stuckAfter)
		expect("while Redis is away", true, false)
		pass(time.Millisecond)
		expect("when no heartbeat ends", false, false)
		o.heartbeat(time.Now(), nil)
		expect("afterwards", true, true)
	})
}

// A running worker is ready, until Redis is away.
func TestHealthOfAWorker(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		w := f.start(t, "w", f.lane(t, "bj", 0))
		pass := func(d time.Duration) { <-time.After(d) }
		pass(time.Minute)
		if err := errors.Join(w.Live(), w.Ready()); err != nil {
			t.Error(err)
		}
		w.Stop()
		pass(freshFor + BeatEvery)
		if w.Ready() == nil {
			t.Error("ready after it stopped")
		}
	})
}
