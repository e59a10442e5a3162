package lane

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/test/redistest"
)

func setLimit(t *testing.T, o *Operator, rps float64) Limit {
	t.Helper()
	limit, err := o.SetLimit(t.Context(), rps, Act{By: "li@host", Reason: "throttled"})
	if err != nil {
		t.Fatal(err)
	}
	return limit
}

// exhaust takes all that a budget lets through at once.
func exhaust(t *testing.T, b *Budget, burst int) {
	t.Helper()
	for range burst {
		if err := b.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("above the budget: got %v", err)
	}
}

// What a person sets goes before what workers were started with, for those that wait as well, and
// not only until they are restarted.
func TestLiveLimit(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client(t)
	o := NewOperator(rdb, testLane)
	first, second := NewBudget(rdb, testLane, Creates, 0.001, 2), NewBudget(rdb, testLane, Creates, 0.001, 2)
	exhaust(t, first, 2)
	waiting := make(chan error, 2)
	for _, b := range []*Budget{first, second} {
		go func() { waiting <- b.Wait(t.Context()) }()
	}
	setLimit(t, o, 0)
	for range cap(waiting) {
		if err := <-waiting; err != nil {
			t.Fatal(err)
		}
	}
	exhaustNot(t, first)
	// A worker that starts now, without a limit of its own, is under the one that is set; and what a
	// slower rate has used up does not count for the next.
	setLimit(t, o, 0.001)
	exhaust(t, NewBudget(rdb, testLane, Creates, 0, 2), 2)
	setLimit(t, o, 0.002)
	exhaust(t, NewBudget(rdb, testLane, Creates, 0, 2), 2)
	// The same rate again is the same budget.
	setLimit(t, o, 0.002)
	exhaust(t, NewBudget(rdb, testLane, Creates, 0, 2), 0)
	if changed, err := o.UnsetLimit(t.Context(), Act{By: "me"}); err != nil || !changed {
		t.Fatal(changed, err)
	}
	exhaustNot(t, NewBudget(rdb, testLane, Creates, 0, 2))
	exhaust(t, NewBudget(rdb, testLane, Creates, 0.001, 2), 0)
}

// exhaustNot takes much more than any burst.
func exhaustNot(t *testing.T, b *Budget) {
	t.Helper()
	for range 50 {
		if err := b.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A lane without a limit costs Redis a call a second, not one a request.
func TestLiveLimitIsCheap(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		b := NewBudget(f.rdb, testLane, Creates, 0, 1)
		b.now = f.clock.Now
		exhaustNot(f.t, b)
		for range 3 {
			if calls := f.calls.during(func() { exhaustNot(f.t, b) }); calls != 0 {
				f.t.Errorf("%d commands within a second", calls)
			}
			f.clock.advance(limitAge)
			if calls := f.calls.during(func() { exhaustNot(f.t, b) }); calls != 1 {
				f.t.Errorf("%d commands a second later", calls)
			}
		}
	})
}

func TestBudgetFailsWithRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := NewBudget(server.Client(t), testLane, Creates, 0, 1)
	server.Kill()
	if err := b.Wait(t.Context()); err == nil {
		t.Error("admitted without knowing the limit")
	}
}

func TestLimitTellsWhoSetIt(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		o := f.operator()
		if limit, err := o.Limit(t.Context()); err != nil || limit != nil {
			t.Errorf("before: %v, %v", limit, err)
		}
		set := setLimit(t, o, 0.25)
		limit, err := o.Limit(t.Context())
		want := Limit{RPS: 0.25, By: "li@host", Reason: "throttled", Since: f.clock.Now(), bucket: 1}
		if err != nil || *limit != want || set != want {
			t.Errorf("got %+v and %+v, %v", set, limit, err)
		}
	})
}

// Workers tell the rate that they were started with, until they stop or fall silent.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		o := f.operator()
		said := func(want ...Configured) {
			t.Helper()
			got, err := o.Configured(t.Context())
			if err != nil || !cmp.Equal(got, want) {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		}
		const silence = announceValid * announceEvery
		say := func(worker, rps string, valid time.Duration) {
			t.Helper()
			if err := run(t.Context(), f.rdb, announceScript, testLane, f.clock.Now, worker, rps, millis(valid)).Err(); err != nil {
				t.Fatal(err)
			}
		}
		said()
		say("w2", "5", silence)
		say("w1", "0", silence)
		said(Configured{"w1", 0}, Configured{"w2", 5})
		f.clock.advance(silence)
		say("w2", "5", silence)
		said(Configured{"w1", 0}, Configured{"w2", 5})
		f.clock.advance(time.Millisecond)
		said(Configured{"w2", 5})
		say("w2", "", silence)
		said()
		// A worker with many lanes announces each of them less often.
		say("many", "1", 2*silence)
		f.clock.advance(silence + time.Millisecond)
		say("w1", "0", silence)
		said(Configured{"many", 1}, Configured{"w1", 0})
		f.clock.advance(silence)
		said(Configured{"w1", 0})
	})
}

func TestAnnounceInterval(t *testing.T) {
	t.Parallel()
	for lanes, want := range map[int]time.Duration{1: announceEvery, 5: announceEvery, 20: 40 * time.Second, 100: 200 * time.Second} {
		if got := announceInterval(lanes); got != want {
			t.Errorf("%d lanes: each every %s", lanes, got)
		}
	}
}

// A worker's word is there before it serves, and is taken back when it stops.
func TestAnnounceEnds(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client(t)
	ctx, stop := context.WithCancel(t.Context())
	goOn := Announce(ctx, rdb, testLane, "w1", 5, 1, func(err error) { t.Error(err) })
	now, err := rdb.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	operator := NewOperator(rdb, testLane)
	operator.now = func() time.Time { return now } // no silence, however long the test takes
	configured := func() int {
		t.Helper()
		found, err := operator.Configured(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if n := configured(); n != 1 {
		t.Errorf("%d workers", n)
	}
	stop()
	goOn()
	if n := configured(); n != 0 {
		t.Errorf("%d workers after the last stopped", n)
	}
}
