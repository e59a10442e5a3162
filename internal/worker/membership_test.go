package worker

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/test/bubbletest"
)

// A killed worker's item is begun again within 20 s, whenever in its life it was killed.
func TestRescueBound(t *testing.T) {
	t.Parallel()
	// The last beat may have been just before the kill. Others may have seen it a beat later; the round that
	// finds the silence may just have missed it, and take as long as it may.
	found := DeadAfter + 2*BeatEvery + membershipTimeout
	// A request sent just before the kill must be over as well, and a second in which it is torn down, by the
	// time since which others know of the silence.
	begun := max(found, BeatEvery+requestBound) + taskCheckInterval
	if ledger.SilentAfter != DeadAfter+2*BeatEvery {
		t.Errorf("a worker is dead after %s and reported after %s", DeadAfter+2*BeatEvery, ledger.SilentAfter)
	}
	const promised = 20 * time.Second
	if begun+time.Second > promised {
		t.Errorf("begun again after %s, which leaves no second of %s for the lane and for Redis", begun, promised)
	}
	if freshFor+membershipTimeout > DeadAfter {
		t.Errorf("a name that is fresh for %s may be found dead within one call of %s", freshFor, membershipTimeout)
	}
}

// The late beat of a worker that nobody found dead changes nothing for it.
func TestLateBeatKeepsTheName(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		late, other := f.present(t, "late"), f.present(t, "other")
		before := name(t, late)
		unclaim := late.ClaimItem(t.Context(), batch, "a")
		defer unclaim()
		f.late(t, other)
		equal(t, "name", name(t, late), before)
		equal(t, "claimed", f.claimedBy(t, before), []ledger.ClaimedItem{{Batch: batch, Key: "a"}})
	})
}

// A worker that was stopped begins nothing under the name under which it was found dead.
func TestResumedWorkerTakesANewName(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		stopped, living := f.present(t, "stopped"), f.present(t, "living")
		old := name(t, stopped)
		unclaim := stopped.ClaimItem(t.Context(), batch, "a")
		equal(t, "found dead", f.silent(t, living), []string{old})

		renamed := name(t, stopped)
		if renamed == old || !strings.HasPrefix(renamed, "stopped-") {
			t.Errorf("after being found dead as %s it goes by %s", old, renamed)
		}
		equal(t, "name, asked again", name(t, stopped), renamed)
		equal(t, "what it holds came along", f.claimedBy(t, renamed), []ledger.ClaimedItem{{Batch: batch, Key: "a"}})
		unclaim()
		equal(t, "let go under the new name", f.claimedBy(t, renamed), []ledger.ClaimedItem{})
		equal(t, "the old notes are the rescuers'", f.claimedBy(t, old), []ledger.ClaimedItem{{Batch: batch, Key: "a"}})
	})
}

// Also taking the next task, before any beat, tells a resumed worker what became of it.
func TestResumedWorkerNotesUnderANewName(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		stopped, living := f.present(t, "stopped"), f.present(t, "living")
		old := name(t, stopped)
		f.silent(t, living)
		unclaim := stopped.ClaimItem(t.Context(), batch, "a")
		defer unclaim()
		equal(t, "under the dead name", f.claimedBy(t, old), []ledger.ClaimedItem{})
		equal(t, "under the new one", f.claimedBy(t, name(t, stopped)), []ledger.ClaimedItem{{Batch: batch, Key: "a"}})
	})
}

// After an outage of Redis nobody is found dead before all had the time to return.
func TestOutageKillsNobody(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		first, second := f.present(t, "first"), f.present(t, "second")
		before := name(t, second)
		f.pass(time.Minute)
		for range DeadAfter / BeatEvery {
			equal(t, "found dead by the first to return", beat(t, first), []string(nil))
			f.pass(BeatEvery)
		}
		equal(t, "found dead by the second", beat(t, second), []string(nil))
		equal(t, "name", name(t, second), before)
		equal(t, "a worker that stays away", f.silent(t, first), []string{before})
	})
}

// What Redis's clock does finds nobody dead, and keeps nobody alive.
func TestStepsOfTheClockKillNobody(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		first, second := f.present(t, "first"), f.present(t, "second")
		before := name(t, second)
		for _, step := range []time.Duration{20 * time.Second, -time.Hour, 24 * time.Hour} {
			f.step(step)
			for range 3 {
				equal(t, "found dead", append(beat(t, first), beat(t, second)...), []string(nil))
				f.pass(BeatEvery)
			}
		}
		equal(t, "name", name(t, second), before)
		f.step(-time.Hour)
		equal(t, "one that is silent", f.silent(t, first), []string{before})
	})
}

// A worker that beats again just as it is to be found dead lives.
func TestTheLastBeatCounts(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		first, second := f.present(t, "first"), f.present(t, "second")
		before := name(t, second)
		first.workers = hastyWorkers{f.Ledger, func() { beat(t, second) }}
		equal(t, "found dead", f.silent(t, first), []string(nil))
		first.workers = f.Ledger
		equal(t, "found dead", f.silent(t, first), []string{before})
	})
}

// hastyWorkers lets something happen just before a death is written down.
type hastyWorkers struct {
	Workers
	before func()
}

func (h hastyWorkers) DeclareDead(ctx context.Context, dead string, beat int64) (bool, error) {
	h.before()
	return h.Workers.DeclareDead(ctx, dead, beat)
}

// A worker that was away knows of no death that it has not seen, and of no silence before it saw the last beat.
func TestSilenceIsWhatWasSeen(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		away, near, dying := f.present(t, "away"), f.present(t, "near"), f.present(t, "dying")
		unclaim := dying.ClaimItem(t.Context(), batch, "a")
		defer unclaim()
		dead := name(t, dying)
		beat(t, away)
		for range 30 { // while nobody sees it, it beats on
			f.pass(BeatEvery)
			beat(t, dying)
			beat(t, near)
		}
		last := time.Now()
		f.silent(t, near)
		for _, observer := range []*Membership{near, away} {
			silences := slices.DeleteFunc(beatAt(t, observer), func(s Silence) bool { return s.Worker != dead })
			if len(silences) != 1 || silences[0].Since.Before(last) {
				t.Errorf("%s knows of the silence %v, where the last beat was at %s", name(t, observer), silences, last)
			}
		}
	})
}

func TestNotesCountHolders(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		p := f.present(t, "w")
		a := []ledger.ClaimedItem{{Batch: batch, Key: "a"}}
		first, second := p.ClaimItem(t.Context(), batch, "a"), p.ClaimItem(t.Context(), batch, "a")
		equal(t, "two holders", f.claimedBy(t, name(t, p)), a)
		p.workers = meddlingWorkers{f.Ledger, func() { t.Error("the note was taken back with a holder left") }}
		first()
		first()
		p.workers = f.Ledger
		equal(t, "one that let go twice, and another", f.claimedBy(t, name(t, p)), a)
		ended, cancel := context.WithCancel(t.Context())
		third := p.ClaimItem(ended, batch, "b")
		cancel()
		third()
		second()
		equal(t, "none", f.claimedBy(t, name(t, p)), []ledger.ClaimedItem{})
	})
}

// A task that begins just as another of its item ends keeps its note.
func TestNoteSurvivesTheEndOfAnother(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		p := f.present(t, "w")
		first := p.ClaimItem(t.Context(), batch, "a")
		var second func()
		p.workers = meddlingWorkers{f.Ledger, func() { second = p.ClaimItem(t.Context(), batch, "a") }}
		first()
		p.workers = f.Ledger
		equal(t, "claimed", f.claimedBy(t, name(t, p)), []ledger.ClaimedItem{{Batch: batch, Key: "a"}})
		second()
		equal(t, "held in the end", f.claimedBy(t, name(t, p)), []ledger.ClaimedItem{})
	})
}

// A claim that could not be removed or recorded, or whose change a failover of Redis lost, is repaired by a heartbeat:
// otherwise nobody would take up the item's task for as long as the worker lives.
func TestHeartbeatRepairsClaims(t *testing.T) {
	t.Parallel()
	a, b := ledger.ClaimedItem{Batch: batch, Key: "a"}, ledger.ClaimedItem{Batch: batch, Key: "b"}
	for name, test := range map[string]struct {
		spoil func(t *testing.T, f *membershipFixture, p *Membership)
		after time.Duration
	}{
		"Redis was away": {func(t *testing.T, f *membershipFixture, p *Membership) {
			t.Helper()
			endA := p.ClaimItem(t.Context(), a.Batch, a.Key)
			p.workers = ledger.New(unreachable(t))
			endA()
			p.ClaimItem(t.Context(), b.Batch, b.Key)
			p.workers = f.Ledger
		}, 0},
		"a failover lost the changes": {func(t *testing.T, f *membershipFixture, p *Membership) {
			t.Helper()
			p.ClaimItem(t.Context(), a.Batch, a.Key)()
			p.ClaimItem(t.Context(), b.Batch, b.Key)
			if _, err := f.ClaimItem(t.Context(), p.current(), a); err != nil {
				t.Fatal(err)
			}
			if err := f.UnclaimItem(t.Context(), p.current(), b); err != nil {
				t.Fatal(err)
			}
		}, compareClaimsEvery},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubbletest.Run(t, func(t *testing.T) {
				f := newMembershipFixture(t)
				p := f.present(t, "w")
				beat(t, p)
				test.spoil(t, f, p)
				equal(t, "recorded", f.claimedBy(t, p.current()), []ledger.ClaimedItem{a})
				for passed := time.Duration(0); passed <= test.after; passed += BeatEvery {
					f.pass(BeatEvery)
					beat(t, p)
				}
				equal(t, "repaired", f.claimedBy(t, p.current()), []ledger.ClaimedItem{b})
			})
		})
	}
}

// meddlingWorkers lets something happen just before a note is taken back.
type meddlingWorkers struct {
	Workers
	before func()
}

func (m meddlingWorkers) UnclaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) error {
	m.before()
	return m.Workers.UnclaimItem(ctx, worker, h)
}

// Without Redis a fresh name is good until it might be found dead, and then none is.
func TestNameWithoutRedis(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		p := f.present(t, "w")
		before := name(t, p)
		p.workers = ledger.New(unreachable(t))
		f.pass(freshFor - time.Millisecond)
		equal(t, "name while fresh", name(t, p), before)
		f.pass(time.Millisecond)
		if n, _, err := p.Name(t.Context()); err == nil {
			t.Errorf("name %s, though it may have been found dead", n)
		}
		unclaim := p.ClaimItem(t.Context(), batch, "a")
		unclaim()
		p.workers = f.Ledger
		equal(t, "name when redis is back", name(t, p), before)
	})
}

func unreachable(t *testing.T) redis.UniversalClient {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func TestPresenceErrors(t *testing.T) {
	t.Parallel()
	p := NewMembership(ledger.New(unreachable(t)), "w", zerolog.Nop())
	if err := p.Enter(t.Context()); err == nil {
		t.Error("entered without redis")
	}
	if _, err := p.Beat(t.Context()); err == nil {
		t.Error("beat without redis")
	}
	if err := p.Leave(t.Context()); err == nil {
		t.Error("left without redis")
	}
}

// An idle worker asks at most 4 commands a second of Redis, those inside scripts included.
func TestIdleCost(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		f.Ledger = ledger.New(f.rdb) // whose script also asks Redis for the time
		p := f.present(t, "w")
		beat(t, p)
		before := f.redis.Commands()
		const beats = 10
		for range beats {
			f.pass(BeatEvery)
			beat(t, p)
		}
		spent := f.redis.Commands() - before
		if perSecond := float64(spent) / beats / BeatEvery.Seconds(); perSecond > 4 {
			t.Errorf("%d commands in %d beats are %.1f a second", spent, beats, perSecond)
		}
	})
}

// A worker is described under the name that it has, also after it was found dead, and again when what it says changes.
func TestDescription(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		stopped, living := f.present(t, "stopped"), f.present(t, "living")
		described := func() map[string]string {
			infos, err := f.WorkerInfos(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			versions := map[string]string{}
			for name, info := range infos {
				versions[name] = info.Version
			}
			return versions
		}
		stopped.Describe(ledger.WorkerInfo{Version: "v1"})
		beat(t, stopped)
		old := name(t, stopped)
		equal(t, "described", described(), map[string]string{old: "v1"})
		stopped.Describe(ledger.WorkerInfo{Version: "v2"})
		beat(t, stopped)
		equal(t, "changed", described(), map[string]string{old: "v2"})
		f.silent(t, living)
		equal(t, "found dead", described(), map[string]string{})
		renamed := name(t, stopped)
		equal(t, "resumed", described(), map[string]string{renamed: "v2"})
		if err := f.rdb.Del(t.Context(), "havip:workers:{workers}:info").Err(); err != nil {
			t.Fatal(err)
		}
		for range describeAgain / BeatEvery {
			f.pass(BeatEvery)
			beat(t, stopped)
		}
		equal(t, "after Redis lost it", described(), map[string]string{renamed: "v2"})
	})
}
