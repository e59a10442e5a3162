package lane

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"havip/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNoLimit(t *testing.T) {
	t.Parallel()
	for _, rps := range []float64{0, -1} {
		if NewLimiter(nil, "default/bj", rps, 5) != nil {
			t.Errorf("rps %v makes a limiter", rps)
		}
	}
}

// Listings keep up with creates: a lane that may create more than by default may list more in proportion.
func TestNewListLimiter_growsWithTheRate(t *testing.T) {
	t.Parallel()
	for rps, want := range map[float64]int{0.1: 1000, DefaultRPS: 1000, 10 * DefaultRPS: 10_000} {
		if got := NewListLimiter(nil, "default/bj", rps).limit; got.Rate != want || got.Burst != 1 {
			t.Errorf("%v creates a second: %+v", rps, got)
		}
	}
	unlimited := NewListLimiter(nil, "default/bj", 0)
	if err := unlimited.Wait(t.Context()); err != nil {
		t.Errorf("without a limit: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := unlimited.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// Two workers, one budget: the burst is shared, and what is above it waits.
func TestBudgetIsShared(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	first := NewLimiter(server.Client(t), "default/bj", 0.001, 5)
	second := NewLimiter(server.Client(t), "default/bj", 0.001, 5)
	for i := range 5 {
		limiter := first
		if i%2 == 1 {
			limiter = second
		}
		if err := limiter.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, limiter := range []*Limiter{first, second} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := limiter.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("above the budget: got %v", err)
		}
		cancel()
	}
	other := NewLimiter(server.Client(t), "default/gz", 0.001, 5)
	if err := other.Wait(t.Context()); err != nil {
		t.Errorf("another lane has a budget of its own: %v", err)
	}
}

// Redis's clock was put back by a day: the bucket that it left behind is not waited for.
func TestLimiterAfterAClockWasPutBack(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client(t)
	limiter := NewLimiter(rdb, "default/bj", 5, 1)
	if err := limiter.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	const key = "rate:havip:lane:default/bj"
	full, err := rdb.Get(t.Context(), key).Float64()
	if err != nil {
		t.Fatal(err)
	}
	if err := rdb.Set(t.Context(), key, full+24*time.Hour.Seconds(), 0).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := limiter.Wait(ctx); err != nil {
		t.Error(err)
	}
}

// Everybody who waits is admitted in time, and waiting costs Redis a call for each admitted.
func TestWaitingIsFairAndCheap(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rdb := server.Client(t)
	limiter := NewLimiter(rdb, "default/bj", 100, 1)
	const waiting = 30
	before := commands(t, server)
	started := time.Now()
	var wg sync.WaitGroup
	for range waiting {
		wg.Go(func() {
			if err := limiter.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(started); took < (waiting-1)*10*time.Millisecond {
		t.Errorf("%d requests in %v at 100/s", waiting, took)
	}
	// One call that is told to wait and one that is admitted, for each; and the scripts' own.
	if calls := commands(t, server) - before; calls > waiting*2*6 {
		t.Errorf("%d commands for %d requests", calls, waiting)
	}
}

func commands(t *testing.T, server *redistest.Server) int {
	t.Helper()
	n := 0
	info, err := server.Client(t).InfoMap(t.Context(), "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, digit := range info["Stats"]["total_commands_processed"] {
		n = n*10 + int(digit-'0')
	}
	return n
}

func TestWaitEndsWithRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	limiter := NewLimiter(server.Client(t), "default/bj", 5, 5)
	server.Kill()
	if err := limiter.Wait(t.Context()); err == nil {
		t.Error("admitted without Redis: the fleet's budget would be no budget")
	}
}

func TestLimitOf(t *testing.T) {
	t.Parallel()
	for rps, want := range map[float64]int{5: 5000, 0.5: 500, 0.001: 1, 0.0001: 1, 2.5: 2500} {
		if got := limitOf(rps, 5); got.Rate != want || got.Period != 1000*time.Second || got.Burst != 5 {
			t.Errorf("%v rps: %+v", rps, got)
		}
	}
}
