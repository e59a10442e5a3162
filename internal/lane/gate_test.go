package lane

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// entered is what a call of Enter came to.
type entered struct {
	pass *Pass
	err  error
}

// enter calls Enter beside the test.
func enter(ctx context.Context, g *Gate, subnetID string) <-chan entered {
	result := make(chan entered, 1)
	go func() {
		pass, err := g.Enter(ctx, subnetID)
		result <- entered{pass, err}
	}()
	return result
}

func mustEnter(t *testing.T, g *Gate, subnetID string) *Pass {
	t.Helper()
	e := <-enter(t.Context(), g, subnetID)
	if e.err != nil {
		t.Fatal(e.err)
	}
	return e.pass
}

func done(t *testing.T, p *Pass, v Verdict) Change {
	t.Helper()
	change, err := p.Done(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func faulty(f Fault) Verdict { return Faulty(f.Target, f.Code, f.Message) }

// mustWait checks that Enter waits for as long as it is let. The turn is free again when this
// returns.
func mustWait(t *testing.T, g *Gate) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if pass, err := g.Enter(ctx, subnetB); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("entered: %v, %v", pass, err)
	}
}

func TestLaneSlowStartLetsOneThrough(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		first := mustEnter(t, g, subnetA)
		mustWait(t, g)
		// What proves nothing lets the next one try, alone.
		waiting := enter(t.Context(), g, subnetA)
		done(t, first, Neutral())
		second := (<-waiting).pass
		mustWait(t, g)
		// The other process starts by itself.
		other := f.gate()
		done(t, mustEnter(t, other, subnetA), Neutral())
		// A full subnet proves the lane as well as a created HaVIP does.
		waiting = enter(t.Context(), g, subnetB)
		done(t, second, Faulty(TargetSubnet, "Full", ""))
		passes := []*Pass{(<-waiting).pass, mustEnter(t, g, subnetB), mustEnter(t, g, subnetB)}
		for _, pass := range passes {
			done(t, pass, Good())
		}
	})
}

// After a fault the slow start begins anew, and a success of before the fault does not end it.
func TestLaneSlowStartAgainAfterAFault(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), Good())
		late, bad, worse := mustEnter(t, g, subnetA), mustEnter(t, g, subnetA), mustEnter(t, g, subnetA)
		if change := done(t, bad, faulty(wrongKey)); len(change.Opened) != 1 {
			t.Errorf("change %+v", change)
		}
		if change := done(t, worse, faulty(wrongKey)); len(change.Opened)+len(change.Extended) != 0 {
			t.Errorf("counted twice: %+v", change)
		}
		done(t, late, Good())
		f.clock.advance(BackOffFirst)
		probing := mustEnter(t, g, subnetA)
		if !probing.Probe() {
			t.Error("not a probe")
		}
		mustWait(t, g)
		if change := done(t, probing, Good()); len(change.Cleared) != 1 {
			t.Errorf("change %+v", change)
		}
		mustEnter(t, g, subnetA)
		mustEnter(t, g, subnetA)
	})
}

func TestSuspendedSubnetAnswersAtOnce(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g, other := f.gate(), f.gate()
		done(t, mustEnter(t, g, subnetA), Faulty(TargetSubnet, "SubnetHasNoMoreIp", "full"))
		for _, g := range []*Gate{g, other, g} {
			_, err := g.Enter(t.Context(), subnetA)
			var held *SuspendedError
			if !errors.As(err, &held) || held.Suspension.SubnetID != subnetA || held.RetryAfter < BackOffFirst*4/5 || held.RetryAfter > BackOffFirst {
				t.Fatalf("got %v", err)
			}
			if !strings.HasSuffix(err.Error(), ": SubnetHasNoMoreIp: full") || errors.Unwrap(err) != nil {
				t.Errorf("says %q", err)
			}
		}
		done(t, mustEnter(t, g, subnetB), Good())
		f.clock.advance(BackOffFirst)
		probing := mustEnter(t, g, subnetA)
		if _, err := other.Enter(t.Context(), subnetA); err == nil {
			t.Error("two probes of one subnet")
		}
		done(t, mustEnter(t, g, subnetB), Good())
		done(t, probing, Good())
		f.clock.advance(refusalAge)
		done(t, mustEnter(t, other, subnetA), Good())
	})
}

// With lane and subnet held, an item does not wait for the lane, only to be put aside after it.
func TestSuspendedSubnetIsNamedBeforeTheLane(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), Faulty(TargetBoth, "QuotaLimitExceeded", ""))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var held *SuspendedError
		if _, err := g.Enter(ctx, subnetA); !errors.As(err, &held) || held.Suspension.Target != TargetSubnet {
			t.Errorf("got %v", err)
		}
	})
}

// An answer that the subnet is full proves the lane, and does not end the subnet's own hold.
func TestFullSubnetEndsTheLanesSuspension(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), Faulty(TargetBoth, "QuotaLimitExceeded", ""))
		f.clock.advance(BackOffFirst + othersFirst)
		change := done(t, mustEnter(t, g, subnetA), Faulty(TargetSubnet, "Full", ""))
		if len(change.Cleared) != 1 || change.Cleared[0].Target != TargetLane || len(change.Extended) != 1 {
			t.Errorf("change %+v", change)
		}
		if suspension := theHold(t, g.breaker); suspension.SubnetID != subnetA || suspension.Failures != 2 {
			t.Errorf("left: %+v", suspension)
		}
	})
}

// A denial does not say whether it is about the subnet. Requests of other subnets try the lane first, and
// while they are answered well, the probes of the denied subnet delay no other item.
func TestDeniedSubnetSuspendsNoOther(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g, other := f.gate(), f.gate()
		denied := Faulty(TargetBoth, "AccessDenied", "")
		done(t, mustEnter(t, g, subnetA), denied)
		f.clock.advance(BackOffFirst)
		for _, gate := range []*Gate{g, other} {
			var held *SuspendedError
			if _, err := gate.Enter(t.Context(), subnetA); !errors.As(err, &held) || held.Suspension.SubnetID != subnetA {
				t.Fatalf("the denied subnet, with the lane due: %v", err)
			}
		}
		if change := done(t, mustEnter(t, g, subnetB), Good()); len(change.Cleared) != 1 || change.Cleared[0].Target != TargetLane {
			t.Errorf("the first of another subnet: %+v", change)
		}
		for failures := 2; failures <= 4; failures++ {
			f.clock.advance(BackOffCap)
			probing := mustEnter(t, g, subnetA)
			inFlight := mustEnter(t, g, subnetB)
			change := done(t, probing, denied)
			if len(change.Opened) != 0 || len(change.Extended) != 1 || change.Extended[0].Failures != failures {
				t.Errorf("denied again: %+v", change)
			}
			done(t, mustEnter(t, g, subnetB), Good()) // beside the one in flight
			done(t, inFlight, Good())
		}
		if suspension := theHold(t, g.breaker); suspension.SubnetID != subnetA {
			t.Errorf("left: %+v", suspension)
		}
	})
}

func TestNeutralProbeMakesRoom(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), faulty(wrongKey))
		f.clock.advance(BackOffFirst)
		done(t, mustEnter(t, g, subnetA), Neutral())
		f.clock.advance(neutralPause)
		a := admit(t, f.breaker(), subnetA)
		if !a.Probe {
			t.Errorf("after a neutral probe: %+v", a)
		}
	})
}

// Also when its turn is being waited for by others: items of a held subnet do not queue up
// behind a slow start or the rate.
func TestKnownSuspendedSubnetNeedsNoTurn(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), Faulty(TargetSubnet, "Full", ""))
		if _, err := g.Enter(t.Context(), subnetA); err == nil {
			t.Fatal("not held")
		}
		g.creates.mutex <- struct{}{}
		var held *SuspendedError
		if _, err := g.Enter(t.Context(), subnetA); !errors.As(err, &held) {
			t.Errorf("got %v", err)
		}
	})
}

// Deletions make room while creates wait, for their rate or for a lane whose quota is used up.
func TestDeletionDoesNotWaitForCreates(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), Faulty(TargetLane, "ExceedLimitException", ""))
		waiting := enter(t.Context(), g, subnetA)
		f.clock.awaitSleepers(t, 1)
		pass, err := g.EnterDeletion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done(t, pass, Good())
		f.clock.advance(BackOffFirst)
		done(t, (<-waiting).pass, Good())
	})
}

// A caller that gives up waiting is told what for: the one whose turn it is, and those behind it.
func TestWaitForSuspendedLaneEndsWithItsReason(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), faulty(wrongKey))
		front, leave := context.WithCancel(t.Context())
		defer leave()
		first := enter(front, g, subnetA)
		f.clock.awaitSleepers(t, 1)
		behind, cancel := context.WithCancel(t.Context())
		cancel()
		second := enter(behind, g, subnetB)
		for range 2 {
			var err error
			select {
			case e := <-second:
				err = e.err
				leave()
				second = nil
			case e := <-first:
				err = e.err
			}
			var held *SuspendedError
			if !errors.As(err, &held) || held.Suspension.Code != wrongKey.Code || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if !strings.Contains(err.Error(), "lane suspended since 2026-03-01T12:00:00Z: SignatureDoesNotMatch: ") {
				t.Errorf("says %q", err)
			}
		}
	})
}

// Another process's clear wakes those who wait here, at the next question.
func TestClearWakesWaiters(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g, other := f.gate(), f.gate()
		done(t, mustEnter(t, g, subnetA), faulty(wrongKey))
		for range 5 { // the back-off grows
			f.clock.advance(BackOffCap)
			done(t, mustEnter(t, g, subnetA), faulty(wrongKey))
		}
		const waiting = 20
		results := make(chan entered, waiting)
		for range waiting {
			go func() {
				pass, err := g.Enter(t.Context(), subnetA)
				if err == nil {
					_, err = pass.Done(t.Context(), Good())
				}
				results <- entered{err: err}
			}()
		}
		f.clock.awaitSleepers(t, 1)
		if err := other.breaker.ProbeNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		done(t, mustEnter(t, other, subnetA), Good())
		if wake := f.clock.awaitSleepers(t, 1); wake > pollEvery+pollEvery/4 {
			t.Errorf("asks in %v only", wake)
		}
		f.clock.advance(pollEvery + pollEvery/4)
		for range waiting {
			if e := <-results; e.err != nil {
				t.Error(e.err)
			}
		}
	})
}

// However many wait, a held lane costs Redis about one question a second from each process.
func TestSuspendedLaneIsPolledByOne(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), faulty(wrongKey))
		for range 6 {
			f.clock.advance(BackOffCap)
			done(t, mustEnter(t, g, subnetA), faulty(wrongKey))
		}
		ctx, cancel := context.WithCancel(t.Context())
		const waiting = 100
		results := make([]<-chan entered, waiting)
		for i := range waiting {
			results[i] = enter(ctx, g, subnetA)
		}
		f.clock.awaitSleepers(t, 1)
		const period = 100 * time.Second
		end := f.clock.Now().Add(period)
		calls := f.calls.during(func() {
			for f.clock.Now().Before(end) {
				f.clock.advance(f.clock.awaitSleepers(t, 1))
				f.clock.awaitSleepers(t, 1)
			}
		})
		if calls > int64(period/pollEvery)+1 || calls < int64(period/pollEvery)*3/4 {
			t.Errorf("%d commands in %v", calls, period)
		}
		cancel()
		for _, result := range results {
			<-result
		}
	})
}

// countingRate admits all, and counts.
type countingRate struct{ n, refused int }

func (r *countingRate) Take(ctx context.Context) (Permit, error) {
	r.n++
	return Permit{strconv.Itoa(r.n)}, ctx.Err()
}

func (r *countingRate) Lately() float64 { return 0 }

func (r *countingRate) Refused(_ context.Context, permit Permit, code, _ string) (*Lowered, error) {
	if permit.text != strconv.Itoa(r.n) || code != "RateLimit" {
		return nil, fmt.Errorf("permit %s of %d refused for %s", permit.text, r.n, code)
	}
	r.refused++
	return &Lowered{RPS: 1}, nil
}

// Each refusal for throttling reaches the rate of its kind of requests, also that of a deletion in a lane whose quota is used up.
func TestThrottledRequestsLowerTheirRate(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g, creates, deletions := f.gate(), &countingRate{}, &countingRate{}
		g.creates.budget, g.deletions.budget = creates, deletions
		if change := done(t, mustEnter(t, g, subnetA), Throttled("RateLimit", "")); change.Lowered == nil || creates.refused != 1 {
			t.Errorf("%+v, %d refused", change, creates.refused)
		}
		done(t, mustEnter(t, g, subnetA), Faulty(TargetLane, "ExceedLimitException", ""))
		pass, err := g.EnterDeletion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if change := done(t, pass, Throttled("RateLimit", "")); change.Lowered == nil || deletions.refused != 1 || creates.refused != 1 {
			t.Errorf("%+v, %d and %d refused", change, creates.refused, deletions.refused)
		}
	})
}

// What the rate admits is sent: a refusal or a wait for the lane does not use it up.
func TestRateIsSpentOnRequestsOnly(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g, spent := f.gate(), &countingRate{}
		g.creates.budget = spent
		done(t, mustEnter(t, g, subnetA), Faulty(TargetSubnet, "Full", ""))
		for range 3 {
			if _, err := g.Enter(t.Context(), subnetA); err == nil {
				t.Fatal("not held")
			}
			f.clock.advance(refusalAge)
		}
		done(t, mustEnter(t, g, subnetB), faulty(wrongKey))
		waiting := enter(t.Context(), g, subnetB)
		for range 3 {
			f.clock.advance(f.clock.awaitSleepers(t, 1))
		}
		f.clock.advance(BackOffFirst)
		done(t, (<-waiting).pass, Good())
		if spent.n != 3 {
			t.Errorf("%d admitted by the rate for 3 requests", spent.n)
		}
	})
}

// hookRate runs while a request waits for the rate, and admits it.
type hookRate func()

func (hookRate) Lately() float64 { return 0 }

func (r hookRate) Take(ctx context.Context) (Permit, error) {
	r()
	return Permit{}, ctx.Err()
}

func (hookRate) Refused(context.Context, Permit, string, string) (*Lowered, error) { return nil, nil }

// The fault of a request in flight stops the next one, also when that one has its turn and
// waits for the rate.
func TestSuspensionStopsARequestThatWaitedForTheRate(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		done(t, mustEnter(t, g, subnetA), Good())
		inFlight := mustEnter(t, g, subnetA)
		g.creates.budget = hookRate(func() { done(t, inFlight, faulty(wrongKey)) })
		ctx, cancel := context.WithCancel(t.Context())
		result := enter(ctx, g, subnetA)
		f.clock.awaitSleepers(t, 1)
		cancel()
		if e := <-result; e.err == nil {
			t.Error("sent into a held lane")
		}
	})
}

// A verdict is due also from a handler that was told to stop, and only the first one counts.
func TestDoneOnceAndWhateverHappens(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		g := f.gate()
		ctx, cancel := context.WithCancel(t.Context())
		pass := mustEnter(t, g, subnetA)
		cancel()
		if change, err := pass.Done(ctx, faulty(wrongKey)); err != nil || len(change.Opened) != 1 {
			t.Errorf("done after the end of its context: %+v, %v", change, err)
		}
		f.clock.advance(BackOffFirst)
		pass = mustEnter(t, g, subnetA)
		done(t, pass, Neutral())
		if change := done(t, pass, Good()); len(change.Cleared) != 0 || len(suspensionsOf(t, g.breaker)) != 1 {
			t.Errorf("second verdict: %+v", change)
		}
		if n := g.start.inFlight; n != 0 {
			t.Errorf("%d in flight", n)
		}
	})
}

func TestPollDelay(t *testing.T) {
	t.Parallel()
	for range 100 {
		for _, wait := range []time.Duration{time.Millisecond, time.Second, 5 * time.Second, time.Hour} {
			got := pollDelay(wait)
			if got < min(wait, pollEvery) || got > min(wait+20*time.Millisecond, pollEvery*5/4) {
				t.Errorf("due in %v: asks in %v", wait, got)
			}
		}
	}
}

// steadyRate has sent requests at a rate lately.
type steadyRate struct {
	rate
	lately float64
}

func (r steadyRate) Lately() float64 { return r.lately }

func TestGateIsCrowded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		budget  rate
		waiting int64
		want    bool
	}{
		{nil, fewWaiting - 1, false},
		{nil, fewWaiting, true},
		{steadyRate{lately: 1}, fewWaiting - 1, false},
		{steadyRate{lately: 100}, 49, false},
		{steadyRate{lately: 100}, 50, true},
	} {
		g := NewGate(nil, nil, nil)
		g.creates.budget = c.budget
		g.creates.waiting.Store(c.waiting)
		if got := g.Crowded(); got != c.want {
			t.Errorf("%d wait, %+v: crowded %t", c.waiting, c.budget, got)
		}
	}
}
