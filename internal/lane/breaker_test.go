package lane

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/tasks"
	"havip/test/redistest"
)

func TestTargetOf(t *testing.T) {
	t.Parallel()
	for scope, want := range map[tasks.Scope]Target{
		tasks.ScopeLane: TargetLane, tasks.ScopeClock: TargetLane, tasks.ScopeQuota: TargetBoth,
		tasks.ScopeDenied: TargetBoth,
		tasks.ScopeSubnet: TargetSubnet, "": TargetLane, "new": TargetLane,
	} {
		if got := TargetOf(scope); got != want {
			t.Errorf("%q holds %q, want %q", scope, got, want)
		}
	}
}

// What is read in status, logs and events.
func TestSuspensionHasItsReason(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		fault := Fault{Target: TargetSubnet, Code: "SubnetHasNoMoreIp", Message: "子网 \"full\"\n" + strings.Repeat("满", 200)}
		trip(t, b, admit(t, b, subnetA), fault)
		got := theHold(t, f.breaker())
		if !strings.HasPrefix(got.Message, "子网 \"full\"\n满") || len(got.Message) > maxMessage+len("…") || !strings.HasSuffix(got.Message, "满…") {
			t.Errorf("message %q", got.Message)
		}
		wait := got.ProbeAt.Sub(got.Since)
		if wait < BackOffFirst*4/5 || wait > BackOffFirst {
			t.Errorf("first back-off %v", wait)
		}
		want := Suspension{Target: TargetSubnet, SubnetID: subnetA, Code: fault.Code, Message: got.Message, Since: f.clock.Now(), Failures: 1, ProbeAt: got.ProbeAt}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("suspension (-want +got):\n%s", diff)
		}
		if text := got.String(); !strings.HasPrefix(text, "subnet sbn-aaaa suspended since 2026-03-01T12:00:00Z: SubnetHasNoMoreIp: 子网") {
			t.Error(text)
		}
		a := probe(t, f, b, subnetA)
		if got := theHold(t, b).ProbingUntil; !got.Equal(f.clock.Now().Add(probeLease)) || !a.Suspension.ProbingUntil.Equal(got) {
			t.Errorf("probing until %v", got)
		}
	})
}

// However many requests meet one fault together, in however many processes, it counts once
// and is told once.
func TestTripsTogetherCountOnce(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		breakers := []*Breaker{f.breaker(), f.breaker()}
		const requests = 40
		var changes [requests]Change
		var admissions [requests]Admission
		for i := range requests {
			admissions[i] = admit(t, breakers[i%2], subnetA)
		}
		var wg sync.WaitGroup
		for i := range requests {
			wg.Go(func() {
				var err error
				if changes[i], err = breakers[i%2].Trip(t.Context(), admissions[i], wrongKey); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		opened := 0
		for _, change := range changes {
			opened += len(change.Opened)
			if len(change.Extended)+len(change.Cleared) > 0 {
				t.Errorf("unexpected change %+v", change)
			}
		}
		if opened != 1 {
			t.Errorf("opened %d times", opened)
		}
		if suspension := theHold(t, breakers[0]); suspension.Failures != 1 {
			t.Errorf("%d failures", suspension.Failures)
		}
	})
}

func TestBackOffDoubles(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		trip(t, b, admit(t, b, subnetA), wrongKey)
		since := f.clock.Now()
		for n, seconds := range []int{5, 10, 20, 40, 80, 160, 300, 300, 300} {
			want := time.Duration(seconds) * time.Second
			suspension := theHold(t, b)
			if got := suspension.ProbeAt.Sub(f.clock.Now()); got < want*4/5 || got > want {
				t.Errorf("after %d failures: back-off %v, want up to %v", n+1, got, want)
			}
			if suspension.Failures != n+1 || !suspension.Since.Equal(since) {
				t.Errorf("after %d failures: %+v", n+1, suspension)
			}
			change := trip(t, b, probe(t, f, b, subnetA), wrongKey)
			if len(change.Opened) != 0 || len(change.Extended) != 1 || change.Extended[0].Failures != n+2 {
				t.Errorf("probe %d: change %+v", n+1, change)
			}
		}
	})
}

// A fleet must not knock in step.
func TestBackOffIsJittered(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		seen := map[time.Duration]bool{}
		b := f.breaker()
		for i := range 20 {
			subnet := subnetA + strings.Repeat("a", i)
			change := trip(t, b, admit(t, b, subnet), Fault{Target: TargetSubnet, Code: "X"})
			seen[change.Opened[0].ProbeAt.Sub(f.clock.Now())] = true
		}
		if len(seen) < 5 {
			t.Errorf("20 back-offs are %d different ones", len(seen))
		}
	})
}

func TestOneProbeAtATime(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		first, second := f.breaker(), f.breaker()
		trip(t, first, admit(t, first, subnetA), wrongKey)
		if a := admit(t, second, subnetB); a.Allowed || a.Suspension.Target != TargetLane || a.Wait > BackOffFirst {
			t.Fatalf("held lane: %+v", a)
		}
		f.clock.advance(BackOffFirst)
		const callers = 20
		var wg sync.WaitGroup
		var mu sync.Mutex
		probes := 0
		for i := range callers {
			wg.Go(func() {
				b := []*Breaker{first, second}[i%2]
				a, err := b.Admit(t.Context(), subnetA)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if a.Allowed {
					probes++
				} else if a.Wait > probeLease {
					t.Errorf("waits %v for a probe of %v", a.Wait, probeLease)
				}
			})
		}
		wg.Wait()
		if probes != 1 {
			t.Errorf("%d probes at once", probes)
		}
	})
}

// A clock that was put back holds nothing back until it has caught up.
func TestSuspensionAfterAClockWasPutBack(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b, other := f.breaker(), f.breaker()
		trip(t, b, admit(t, b, subnetA), wrongKey)
		f.clock.advance(-24 * time.Hour)
		a := admit(t, b, subnetA)
		if !a.Probe {
			t.Fatalf("held: %+v", a)
		}
		f.clock.advance(-24 * time.Hour)
		if a := admit(t, other, subnetA); !a.Probe {
			t.Fatalf("held by a probe of the future: %+v", a)
		}
	})
}

// A prober that was killed is replaced when its permission lapses; if it was only slow, its
// refusal no longer counts, but its good answer does.
func TestKilledProber(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		first, second := f.breaker(), f.breaker()
		trip(t, first, admit(t, first, subnetA), wrongKey)
		slow := probe(t, f, first, subnetA)
		f.clock.advance(probeLease - time.Second)
		if a := admit(t, second, subnetA); a.Allowed || a.Wait != time.Second {
			t.Fatalf("within the lease: %+v", a)
		}
		f.clock.advance(time.Second)
		if a := admit(t, second, subnetA); !a.Probe {
			t.Fatalf("after the lease: %+v", a)
		}
		if err := first.Release(t.Context(), slow); err != nil || theHold(t, first).ProbingUntil.IsZero() {
			t.Errorf("a lapsed probe gives another's permission back: %v", err)
		}
		if change := trip(t, first, slow, wrongKey); len(change.Extended) > 0 || theHold(t, first).Failures != 1 {
			t.Errorf("a lapsed probe counts: %+v", change)
		}
		if ended := clearSuspensions(t, first, slow); len(ended) != 1 || len(suspensionsOf(t, second)) != 0 {
			t.Errorf("a lapsed probe that was answered well proves it: %v", ended)
		}
	})
}

func TestClearEndsLaneAndSubnet(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		first, second := f.breaker(), f.breaker()
		change := trip(t, first, admit(t, first, subnetA), Fault{Target: TargetBoth, Code: "QuotaLimitExceeded"})
		if len(change.Opened) != 2 || len(suspensionsOf(t, second)) != 2 {
			t.Fatalf("opened %v", change.Opened)
		}
		a := probe(t, f, second, subnetA)
		ended := clearSuspensions(t, second, a)
		if len(ended) != 2 || len(suspensionsOf(t, first)) != 0 {
			t.Errorf("ended %v, left %v", ended, suspensionsOf(t, first))
		}
		if a := admit(t, first, subnetA); !a.Allowed || a.Probe {
			t.Errorf("after the clear: %+v", a)
		}
	})
}

// A quota may be the lane's or the subnet's: an item of another subnet finds out.
func TestSubnetStaysSuspendedWhenTheLaneRecovers(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		trip(t, b, admit(t, b, subnetA), Fault{Target: TargetBoth, Code: "QuotaLimitExceeded"})
		clearSuspensions(t, b, probe(t, f, b, subnetB))
		if suspension := theHold(t, b); suspension.Target != TargetSubnet || suspension.SubnetID != subnetA {
			t.Errorf("left: %v", suspension)
		}
	})
}

func TestSubnetsAreIsolated(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b, other := f.breaker(), f.breaker()
		trip(t, b, admit(t, b, subnetA), Fault{Target: TargetSubnet, Code: "SubnetHasNoMoreIp"})
		for _, b := range []*Breaker{b, other} {
			if a := admit(t, b, subnetA); a.Allowed || a.Suspension.SubnetID != subnetA {
				t.Errorf("held subnet: %+v", a)
			}
			for _, free := range []string{subnetB, ""} {
				if a := admit(t, b, free); !a.Allowed || a.Probe {
					t.Errorf("subnet %q: %+v", free, a)
				}
			}
		}
		gz := NewBreaker(f.rdb, "default/gz", WithClock(f.clock.Now))
		if a := admit(t, gz, subnetA); !a.Allowed {
			t.Errorf("another lane: %+v", a)
		}
	})
}

// What was admitted before a change says nothing about what came after it.
func TestOldNewsChangesNothing(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		before := admit(t, b, subnetA)
		trip(t, b, admit(t, b, subnetA), wrongKey)
		if ended := clearSuspensions(t, b, before); len(ended) > 0 || len(suspensionsOf(t, b)) != 1 {
			t.Errorf("a success of before the fault ended the hold")
		}
		clearSuspensions(t, b, probe(t, f, b, subnetA))
		if change := trip(t, b, before, wrongKey); len(change.Opened) > 0 || len(suspensionsOf(t, b)) != 0 {
			t.Errorf("a fault of before the clear opened a hold")
		}
		old := admit(t, b, subnetA)
		trip(t, b, admit(t, b, subnetA), wrongKey)
		oldProbe := probe(t, f, b, subnetA)
		clearSuspensions(t, b, oldProbe)
		trip(t, b, admit(t, b, subnetB), wrongKey)
		oldProbe.ticket = old.ticket // not the repetition of a call
		if ended := clearSuspensions(t, b, oldProbe); len(ended) > 0 {
			t.Errorf("a probe of the last hold ended this one")
		}
	})
}

// The client repeats a call whose reply was lost.
func TestRepeatedCallsChangeNothing(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		a := admit(t, b, subnetA)
		for range 2 {
			if change := trip(t, b, a, wrongKey); len(change.Opened) != 1 || change.Opened[0].Failures != 1 {
				t.Errorf("trip: %+v", change)
			}
		}
		a = probe(t, f, b, subnetA)
		again := Admission{part: subnetA, ticket: a.ticket}
		if err := b.ask(t.Context(), &again); err != nil || !again.Probe {
			t.Errorf("admit: %+v, %v", again, err)
		}
		for range 2 {
			if change := trip(t, b, a, wrongKey); len(change.Extended) != 1 || change.Extended[0].Failures != 2 {
				t.Errorf("failed probe: %+v", change)
			}
		}
		a = probe(t, f, b, subnetA)
		for range 2 {
			if ended := clearSuspensions(t, b, a); len(ended) != 1 || ended[0].Failures != 2 {
				t.Errorf("clear: %v", ended)
			}
		}
		if change := trip(t, b, a, wrongKey); len(change.Opened) > 0 {
			t.Errorf("trip after the request's own clear: %+v", change)
		}
	})
}

func TestReleaseLetsTheNextProbe(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		trip(t, b, admit(t, b, subnetA), wrongKey)
		a := probe(t, f, b, subnetA)
		for range 2 {
			if err := b.Release(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		if next := admit(t, b, subnetA); next.Allowed || next.Wait != neutralPause {
			t.Errorf("just released: %+v", next)
		}
		f.clock.advance(neutralPause)
		if next := admit(t, b, subnetA); !next.Probe || theHold(t, b).Failures != 1 {
			t.Errorf("released: %+v", next)
		}
	})
}

// A request that probes lane and subnet may fail for one of the two.
func TestFailedProbeFreesWhatItDidNotProve(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		trip(t, b, admit(t, b, subnetA), Fault{Target: TargetBoth, Code: "QuotaLimitExceeded"})
		trip(t, b, probe(t, f, b, subnetA), wrongKey)
		for _, suspension := range suspensionsOf(t, b) {
			if !suspension.ProbingUntil.IsZero() {
				t.Errorf("still being probed: %+v", suspension)
			}
			if want := map[Target]int{TargetLane: 2, TargetSubnet: 1}[suspension.Target]; suspension.Failures != want {
				t.Errorf("%s: %d failures, want %d", suspension.Target, suspension.Failures, want)
			}
		}
	})
}

func TestProbeNow(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		since := f.clock.Now()
		trip(t, b, admit(t, b, subnetA), wrongKey)
		for range 6 {
			trip(t, b, probe(t, f, b, subnetA), wrongKey)
		}
		started := f.breaker()
		for range 2 {
			if err := started.ProbeNow(t.Context()); err != nil {
				t.Fatal(err)
			}
			suspension := theHold(t, b)
			if !suspension.ProbeAt.Equal(f.clock.Now()) || suspension.Failures != 7 || !suspension.Since.Equal(since) {
				t.Errorf("suspension %+v", suspension)
			}
		}
		// A worker with the old key takes the probe first, and fails.
		stolen := admit(t, b, subnetA)
		if err := started.ProbeNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := admit(t, started, subnetA); !stolen.Probe || a.Allowed {
			t.Fatalf("two probes at once: %+v", a)
		}
		trip(t, b, stolen, wrongKey)
		if a := admit(t, b, subnetA); a.Allowed {
			t.Fatalf("the old worker goes on: %+v", a)
		}
		a := admit(t, started, subnetA)
		if !a.Probe {
			t.Fatalf("the new worker must wait: %+v", a)
		}
		trip(t, started, a, wrongKey)
		if a := admit(t, started, subnetA); a.Allowed {
			t.Errorf("a start probes once: %+v", a)
		}
	})
}

// A start's probe that proved nothing is not used up.
func TestProbeNowSurvivesANeutralProbe(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		old, started := f.breaker(), f.breaker()
		trip(t, old, admit(t, old, subnetA), wrongKey)
		if err := started.ProbeNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := admit(t, started, subnetA)
		if err := started.Release(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		f.clock.advance(neutralPause)
		trip(t, old, admit(t, old, subnetA), wrongKey)
		if a := admit(t, started, subnetA); !a.Probe {
			t.Errorf("after a neutral probe: %+v", a)
		}
	})
}

func TestSuspensionsAreSorted(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		if list := suspensionsOf(t, b); list != nil {
			t.Fatalf("suspensions: %v", list)
		}
		for _, subnet := range []string{subnetB, subnetA} {
			trip(t, b, admit(t, b, subnet), Fault{Target: TargetSubnet, Code: "Full"})
		}
		trip(t, b, admit(t, b, "sbn-cccc"), wrongKey)
		var got []string
		for _, suspension := range suspensionsOf(t, b) {
			got = append(got, string(suspension.Target)+suspension.SubnetID)
		}
		if diff := cmp.Diff([]string{"lane", "subnet" + subnetA, "subnet" + subnetB}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// What a healthy lane pays: one question in 250 ms, however many requests.
func TestHealthyLaneCostsLittle(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		trip(t, b, admit(t, b, subnetA), wrongKey)
		clearSuspensions(t, b, probe(t, f, b, subnetA)) // once held, and well again
		calls := f.calls.during(func() {
			for range 100 {
				a := admit(t, b, subnetB)
				clearSuspensions(t, b, a)
				if err := b.Release(t.Context(), a); err != nil {
					t.Error(err)
				}
			}
		})
		if calls != 1 {
			t.Errorf("%d commands for 100 requests", calls)
		}
	})
}

// The belief that nothing is held ends by time for others' faults, and at once for one's own.
func TestBeliefsEnd(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		first, second := f.breaker(), f.breaker()
		admit(t, second, subnetA)
		trip(t, first, admit(t, first, subnetA), wrongKey)
		if a := admit(t, first, subnetA); a.Allowed {
			t.Error("one's own fault is not seen")
		}
		f.clock.advance(viewAge)
		if a := admit(t, second, subnetA); a.Allowed {
			t.Error("another's fault is not seen")
		}
	})
}

func TestSuspendedSubnetIsPolledOnceASecond(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		trip(t, b, admit(t, b, subnetA), Fault{Target: TargetSubnet, Code: "Full"})
		admit(t, b, subnetA)
		if calls := f.calls.during(func() {
			for range 50 {
				if a := admit(t, b, subnetA); a.Allowed {
					t.Error("allowed")
				}
			}
		}); calls != 0 {
			t.Errorf("%d commands", calls)
		}
		f.clock.advance(refusalAge)
		if calls := f.calls.during(func() { admit(t, b, subnetA) }); calls != 1 {
			t.Errorf("%d commands a second later", calls)
		}
	})
}

// Without a clock of its own the breaker goes by Redis's.
func TestRedisClock(t *testing.T) {
	t.Parallel()
	b := NewBreaker(redistest.Start(t).Client(t), testLane)
	now := func() time.Time {
		t.Helper()
		now, err := b.rdb.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	before := now().Truncate(time.Millisecond)
	trip(t, b, admit(t, b, subnetA), wrongKey)
	after := now()
	suspension := theHold(t, b)
	if suspension.Since.Before(before) || suspension.Since.After(after) {
		t.Errorf("since %s, want from %s to %s", suspension.Since, before, after)
	}
	if a := admit(t, b, subnetA); a.Allowed && now().Before(suspension.ProbeAt) || a.Wait > BackOffFirst {
		t.Errorf("%+v", a)
	}
	left, err := b.rdb.PTTL(t.Context(), "havip:lane:{default/bj}:suspensions").Result()
	if err != nil || left < 24*time.Hour {
		t.Errorf("kept %v: %v", left, err)
	}
}

func TestBreakerFailsWithRedis(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	b := NewBreaker(client, testLane)
	a := Admission{Probe: true, part: subnetA, ticket: "t"}
	_, admitErr := b.Admit(t.Context(), subnetA)
	_, tripErr := b.Trip(t.Context(), a, wrongKey)
	_, clearErr := b.Clear(t.Context(), a)
	_, holdsErr := b.Suspensions(t.Context())
	for op, err := range map[string]error{
		"admit to lane": admitErr, "suspend lane of lane": tripErr, "clear lane": clearErr, "suspensions of lane": holdsErr,
		"release probe of lane": b.Release(t.Context(), a), "probe lane": b.ProbeNow(t.Context()),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), op+" default/bj: ") {
			t.Errorf("%s: got %v", op, err)
		}
	}
}

func TestSubnetFaultNeedsASubnet(t *testing.T) {
	t.Parallel()
	b := NewBreaker(nil, testLane)
	if _, err := b.Trip(t.Context(), Admission{}, Fault{Target: TargetSubnet}); err == nil {
		t.Error("held a subnet without a name")
	}
}

func FuzzDecodeHold(f *testing.F) {
	f.Add(`{"target":"lane","since":1772366400000,"failures":1,"probeAt":1772366405000}`)
	f.Add(`{"target":"subnet","subnetId":"sbn-a","probeUntil":1.7723664e+12}`)
	f.Fuzz(func(t *testing.T, text string) {
		if suspension, err := decodeSuspension(text); err == nil && suspension.String() == "" {
			t.Error("a hold without words")
		}
	})
}
