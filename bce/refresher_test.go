package bce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// source hands out numbered credentials of a lifetime, by the clock of the test's bubble.
type source struct {
	lifetime time.Duration
	delay    time.Duration
	calls    atomic.Int32
	failing  atomic.Bool
}

var errSource = errors.New("sts is away")

func (s *source) Retrieve(ctx context.Context) (Credentials, error) {
	n := s.calls.Add(1)
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return Credentials{}, context.Cause(ctx)
		}
	}
	if s.failing.Load() {
		return Credentials{}, errSource
	}
	return NewCredentials(fmt.Sprint("id", n), "secret", "token").WithExpiry(time.Now().Add(s.lifetime)), nil
}

func expectID(t *testing.T, r *Refresher, want string) {
	t.Helper()
	c, err := r.Retrieve(t.Context())
	if err != nil || c.AccessKeyID() != want {
		t.Errorf("Retrieve = %s, %v; want %s", c.AccessKeyID(), err, want)
	}
}

func TestRefresherRefreshesAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{lifetime: time.Hour}
		r := NewRefresher(s, RefreshOptions{})
		expectID(t, r, "id1")
		<-time.After(time.Hour - DefaultRefreshAhead - time.Second)
		expectID(t, r, "id1")
		<-time.After(time.Second)
		expectID(t, r, "id2")
		expectID(t, r, "id2")
		if n := s.calls.Load(); n != 2 {
			t.Errorf("the source was asked %d times; want 2", n)
		}
	})
}

func TestRefresherKeepsOldWhileSourceFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{lifetime: time.Hour}
		r := NewRefresher(s, RefreshOptions{})
		expectID(t, r, "id1")
		s.failing.Store(true)
		<-time.After(time.Hour - DefaultRefreshAhead)
		expectID(t, r, "id1")
		expectID(t, r, "id1")
		if n := s.calls.Load(); n != 2 {
			t.Errorf("a failing source was asked %d times at once; want 2", n)
		}
		<-time.After(DefaultRefreshRetry)
		expectID(t, r, "id1")
		if n := s.calls.Load(); n != 3 {
			t.Errorf("the source was asked %d times; want 3", n)
		}
		<-time.After(DefaultRefreshAhead)
		if c, err := r.Retrieve(t.Context()); !errors.Is(err, errSource) || !c.IsZero() {
			t.Errorf("Retrieve after the expiry = %v, %v", c, err)
		}
		s.failing.Store(false)
		expectID(t, r, "id5")
	})
}

func TestRefresherHangingSourceDoesNotStopGoodCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{lifetime: time.Hour}
		r := NewRefresher(s, RefreshOptions{})
		expectID(t, r, "id1")
		<-time.After(time.Hour - DefaultRefreshAhead)
		s.delay = time.Hour
		start := time.Now()
		expectID(t, r, "id1")
		if took := time.Since(start); took != DefaultRefreshTimeout {
			t.Errorf("the one that refreshes waited %v; want %v", took, DefaultRefreshTimeout)
		}
	})
}

func TestRefresherSingleFlight(t *testing.T) {
	t.Parallel()
	for _, failing := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &source{lifetime: time.Hour, delay: time.Second}
			s.failing.Store(failing)
			r := NewRefresher(s, RefreshOptions{})
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if _, err := r.Retrieve(t.Context()); errors.Is(err, errSource) != failing {
						t.Errorf("error = %v", err)
					}
				})
			}
			wg.Wait()
			if n := s.calls.Load(); n != 1 {
				t.Errorf("50 callers asked the source %d times; want 1 (failing %t)", n, failing)
			}
		})
	}
}

func TestRefresherOthersDoNotWaitWhileOldIsGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{lifetime: time.Hour}
		r := NewRefresher(s, RefreshOptions{})
		expectID(t, r, "id1")
		<-time.After(time.Hour - DefaultRefreshAhead)
		s.delay = time.Second
		done := make(chan struct{})
		go func() {
			defer close(done)
			expectID(t, r, "id2")
		}()
		synctest.Wait()
		start := time.Now()
		expectID(t, r, "id1")
		if waited := time.Since(start); waited != 0 {
			t.Errorf("a caller with good credentials waited %v", waited)
		}
		<-done
	})
}

func TestRefresherCanceledCallerDoesNotFailOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{lifetime: time.Hour, delay: time.Second}
		r := NewRefresher(s, RefreshOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := r.Retrieve(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("error of the canceled = %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() { expectID(t, r, "id2") })
		wg.Go(func() { // canceled while it waits for its turn
			if _, err := r.Retrieve(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("error of the one that waits = %v", err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
	})
}

func TestRefresherRefusesEndedCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewRefresher(&source{lifetime: -time.Second}, RefreshOptions{})
		if c, err := r.Retrieve(t.Context()); err == nil || !c.IsZero() {
			t.Errorf("Retrieve = %v, %v", c, err)
		}
	})
}

func TestRefresherKeepsCredentialsWithoutExpiry(t *testing.T) {
	t.Parallel()
	calls := 0
	r := NewRefresher(providerFunc(func(context.Context) (Credentials, error) {
		calls++
		return testCredentials, nil
	}), RefreshOptions{})
	expectID(t, r, testCredentials.AccessKeyID())
	expectID(t, r, testCredentials.AccessKeyID())
	if calls != 1 {
		t.Errorf("the source was asked %d times; want 1", calls)
	}
}
