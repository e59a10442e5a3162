package lane

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fakeAPI refuses every request while the key is wrong.
type fakeAPI struct {
	wrong           atomic.Bool
	calls, inFlight atomic.Int64
	most            atomic.Int64
}

func (a *fakeAPI) call() Verdict {
	a.calls.Add(1)
	if n := a.inFlight.Add(1); n > a.most.Load() {
		a.most.Store(n)
	}
	defer a.inFlight.Add(-1)
	if a.wrong.Load() {
		return faulty(wrongKey)
	}
	return Good()
}

// A wrong key on 400 items in two workers costs a few calls in ten minutes, and no item;
// with the key fixed, a restart of one worker finishes all of them.
func TestWrongKeyCostsFewCalls(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		const items, period = 400, 10 * time.Minute
		api := &fakeAPI{}
		api.wrong.Store(true)
		var workers sync.WaitGroup
		var finished atomic.Int64
		gates := []*Gate{f.gate(), f.gate()}
		for i := range items {
			workers.Go(func() { finish(t, gates[i%len(gates)], api, &finished) })
		}

		end := f.clock.Now().Add(period)
		for f.clock.awaitSleepers(t, len(gates)); f.clock.Now().Before(end); {
			f.clock.advance(f.clock.awaitSleepers(t, len(gates)))
		}
		f.clock.awaitSleepers(t, len(gates))
		if n := api.calls.Load(); n >= 20 || n < 5 {
			t.Errorf("%d calls in %v", n, period)
		}
		if n := api.most.Load(); n > int64(len(gates)) {
			t.Errorf("%d calls at once", n)
		}
		if n := finished.Load(); n != 0 {
			t.Errorf("%d items finished under a wrong key", n)
		}
		if suspension := theHold(t, gates[0].breaker); int64(suspension.Failures) > api.calls.Load() || suspension.Failures < 5 {
			t.Errorf("suspension %+v after %d calls", suspension, api.calls.Load())
		}

		api.wrong.Store(false)
		restarted := f.gate()
		if err := restarted.breaker.ProbeNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		done(t, mustEnter(t, restarted, subnetA), api.call())
		f.clock.advance(pollEvery * 5 / 4)
		workers.Wait()
		if n := finished.Load(); n != items || len(suspensionsOf(t, restarted.breaker)) != 0 {
			t.Errorf("%d items finished; holds %v", n, suspensionsOf(t, restarted.breaker))
		}
	})
}

// finish is an item's handler, run again until the item is finished.
func finish(t *testing.T, g *Gate, api *fakeAPI, finished *atomic.Int64) {
	t.Helper()
	for {
		pass, err := g.Enter(t.Context(), subnetA)
		if err != nil {
			t.Error(err)
			return
		}
		verdict := api.call()
		if _, err := pass.Done(t.Context(), verdict); err != nil {
			t.Error(err)
			return
		}
		if verdict.good {
			finished.Add(1)
			return
		}
	}
}

// A hold of many workers is tried by one of them.
func TestFleetProbesOneByOne(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		const fleet = 10
		gates := make([]*Gate, fleet)
		for i := range gates {
			gates[i] = f.gate()
		}
		done(t, mustEnter(t, gates[0], subnetA), faulty(wrongKey))
		f.clock.advance(BackOffFirst)
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan entered, fleet)
		for _, g := range gates {
			go func() {
				pass, err := g.Enter(ctx, subnetA)
				results <- entered{pass, err}
			}()
		}
		f.clock.awaitSleepers(t, fleet-1)
		probing := <-results
		cancel()
		for range fleet - 1 {
			if e := <-results; e.err == nil {
				t.Error("a second probe")
			}
		}
		done(t, probing.pass, Good())
	})
}
