package lane

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
)

// operator is what a person's program would have.
func (f *laneFixture) operator() *Operator {
	o := NewOperator(f.rdb, testLane)
	o.now = f.clock.Now
	return o
}

func pause(t *testing.T, o *Operator) {
	t.Helper()
	if _, changed, err := o.Pause(t.Context(), Act{By: "li@host", Reason: "new key"}); err != nil || !changed {
		t.Fatalf("pause: %v, %v", changed, err)
	}
}

func resume(t *testing.T, o *Operator) {
	t.Helper()
	if changed, err := o.Resume(t.Context(), Act{By: "wang@host"}); err != nil || !changed {
		t.Fatalf("resume: %v, %v", changed, err)
	}
}

// A pause holds every worker, is never tried, and ends with resume alone.
func TestPauseStopsAllWorkers(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		o, g, other := f.operator(), f.gate(), f.gate()
		done(t, mustEnter(t, g, subnetA), Good())
		late := mustEnter(t, g, subnetA)
		pause(t, o)
		f.clock.advance(viewAge)
		done(t, late, Good()) // a request of before ends well, and proves nothing about a pause
		for range 3 {
			for _, gate := range []*Gate{g, other} {
				mustWait(t, gate)
				if a := admit(t, gate.breaker, subnetA); a.Allowed || a.Probe || a.Suspension.By != "li@host" {
					t.Fatalf("admitted: %+v", a)
				}
			}
			if err := other.breaker.ProbeNow(t.Context()); err != nil { // a worker starts
				t.Fatal(err)
			}
			f.clock.advance(40 * 24 * time.Hour)
		}
		waiting := []<-chan entered{enter(t.Context(), g, subnetA), enter(t.Context(), other, subnetB)}
		f.clock.awaitSleepers(t, 2)
		resume(t, o)
		f.clock.advance(pollEvery * 5 / 4)
		for _, w := range waiting {
			e := <-w
			if e.err != nil {
				t.Fatal(e.err)
			}
			done(t, e.pass, Good())
		}
	})
}

// Who waits behind a pause is told whose it is.
func TestPauseTellsItsReason(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		pause(t, f.operator())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waiting := enter(ctx, f.gate(), subnetA)
		f.clock.awaitSleepers(t, 1)
		cancel()
		err := (<-waiting).err
		var held *SuspendedError
		if !errors.As(err, &held) || !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "lane paused since 2026-03-01T12:00:00Z by li@host: new key: ") {
			t.Errorf("got %v", err)
		}
		want := Suspension{Target: TargetLane, Message: "new key", By: "li@host", Since: f.clock.Now()}
		if diff := cmp.Diff(want, held.Suspension); diff != "" {
			t.Errorf("suspension (-want +got):\n%s", diff)
		}
	})
}

// The breaker's holds go their own way beneath a pause, but none is tried.
func TestPauseOverASuspension(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		o, b := f.operator(), f.breaker()
		trip(t, b, admit(t, b, subnetA), wrongKey)
		pause(t, o)
		f.clock.advance(BackOffCap)
		if a := admit(t, b, subnetA); a.Allowed || a.Suspension.By == "" {
			t.Errorf("a due hold is tried under a pause: %+v", a)
		}
		if suspension := theHold(t, b); !suspension.ProbingUntil.IsZero() || suspension.Failures != 1 {
			t.Errorf("suspension %+v", suspension)
		}
		resume(t, o)
		if a := admit(t, b, subnetA); !a.Probe {
			t.Errorf("the hold is over without a probe: %+v", a)
		}
	})
}

// A pause stands as it was made; making or ending it twice changes nothing, and a call whose reply
// was lost is known again.
func TestActsAreDoneOnce(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		o := f.operator()
		pause(t, o)
		since := f.clock.Now()
		f.clock.advance(time.Minute)
		standing, changed, err := o.Pause(t.Context(), Act{By: "wang@host", Reason: "another"})
		if err != nil || changed || standing.By != "li@host" || !standing.Since.Equal(since) {
			t.Errorf("paused again: %+v, %v, %v", standing, changed, err)
		}
		resume(t, o)
		if changed, err := o.Resume(t.Context(), Act{By: "wang@host"}); err != nil || changed {
			t.Errorf("resumed again: %v, %v", changed, err)
		}
		if standing, err := o.Paused(t.Context()); err != nil || standing != nil {
			t.Errorf("still paused: %v, %v", standing, err)
		}
		for _, script := range []struct {
			script *redis.Script
			args   []any
		}{
			{pauseScript, nil},
			{resumeScript, nil},
			{limitScript, []any{"2"}},
			{limitScript, []any{""}},
		} {
			before := len(log(t, o))
			for range 2 {
				answer, err := replyOf(run(t.Context(), f.rdb, script.script, testLane, o.now, append([]any{f.ticket(), "me", ""}, script.args...)...), 2)
				if err != nil || answer.number(0) != 1 {
					t.Errorf("%v: %v, %v", script.args, answer, err)
				}
			}
			if got := len(log(t, o)) - before; got != 1 {
				t.Errorf("%v: logged %d times", script.args, got)
			}
			f.tickets++
		}
	})
}

func log(t *testing.T, o *Operator) []Entry {
	t.Helper()
	entries, err := o.Log(t.Context(), "", 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestLogTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		o := f.operator()
		if got := log(t, o); got != nil {
			t.Errorf("before: %v", got)
		}
		pause(t, o)
		f.clock.advance(time.Second)
		resume(t, o)
		setLimit(t, o, 2.5)
		if _, err := o.UnsetLimit(t.Context(), Act{By: "li@host", Reason: "well again"}); err != nil {
			t.Fatal(err)
		}
		at := f.clock.Now()
		want := []Entry{
			{Kind: "paused", At: at.Add(-time.Second), By: "li@host", Reason: "new key"},
			{Kind: "resumed", At: at, By: "wang@host"},
			{Kind: "limited", At: at, By: "li@host", Reason: "throttled", Detail: "2.5"},
			{Kind: "unlimited", At: at, By: "li@host", Reason: "well again"},
		}
		all := log(t, o)
		if diff := cmp.Diff(want, all, cmpopts.IgnoreFields(Entry{}, "ID")); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		rest, err := o.Log(t.Context(), all[2].ID, 10, time.Minute)
		if err != nil || len(rest) != 1 || rest[0] != all[3] {
			t.Errorf("going on: %v, %v", rest, err)
		}
		touched, err := KnownLanes(t.Context(), f.rdb)
		if err != nil || !cmp.Equal(touched, []string{testLane}) {
			t.Errorf("lanes: %v, %v", touched, err)
		}
	})
}

func TestOperatorFailsWithRedis(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	o := NewOperator(client, testLane)
	act := Act{By: "me"}
	_, _, pauseErr := o.Pause(t.Context(), act)
	_, resumeErr := o.Resume(t.Context(), act)
	_, pausedErr := o.Paused(t.Context())
	_, setErr := o.SetLimit(t.Context(), 1, act)
	_, unsetErr := o.UnsetLimit(t.Context(), act)
	_, limitErr := o.Limit(t.Context())
	_, configuredErr := o.Configured(t.Context())
	_, logErr := o.Log(t.Context(), "", 1, 0)
	for op, err := range map[string]error{
		"pause lane": pauseErr, "resume lane": resumeErr, "pause of lane": pausedErr, "limit lane": setErr,
		"unset limit of lane": unsetErr, "limit of lane": limitErr, "workers of lane": configuredErr, "log of lane": logErr,
	} {
		if err == nil || !strings.HasPrefix(err.Error(), op+" default/bj: ") {
			t.Errorf("%s: got %v", op, err)
		}
	}
}

// A suspension is in the log once when it begins, however often it is confirmed, and once when it ends.
func TestLogReportsSuspensions(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		b := f.breaker()
		full := Fault{Target: TargetSubnet, Code: "SubnetHasNoMoreIp", Message: "full"}
		together := []Admission{admit(t, b, subnetA), admit(t, b, subnetA)}
		for _, a := range together {
			trip(t, b, a, full)
		}
		trip(t, b, probe(t, f, b, subnetA), full)
		a := probe(t, f, b, subnetA)
		if _, err := b.Clear(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, e := range log(t, f.operator()) {
			told = append(told, e.Kind+" "+e.Detail+": "+e.Reason)
		}
		want := []string{"suspended subnet sbn-aaaa: SubnetHasNoMoreIp: full", "recovered subnet sbn-aaaa: SubnetHasNoMoreIp: full"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}
