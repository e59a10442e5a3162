package worker

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/tasks"
	"havip/test/bubbletest"
)

// A killed worker's item is begun again within 20 s, whenever in its life it was killed.
func TestRescueBound(t *testing.T) {
	t.Parallel()
	// The last beat may have been just before the kill, and the round that finds the silence may
	// just have missed it and take as long as it may.
	found := DeadAfter + BeatEvery + fleetTimeout
	// A request sent just before the kill must be over as well, and a second in which it is torn down.
	begun := max(found, tasks.DefaultRequestTimeout+time.Second) + taskCheckInterval
	const promised = 20 * time.Second
	if begun+time.Second > promised {
		t.Errorf("begun again after %s, which leaves no second of %s for the lane and for Redis", begun, promised)
	}
	if freshFor+fleetTimeout > DeadAfter {
		t.Errorf("a name that is fresh for %s may be found dead within one call of %s", freshFor, fleetTimeout)
	}
}

// The late beat of a worker that nobody found dead changes nothing for it.
func TestLateBeatKeepsTheName(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
		late, other := f.present(t, "late"), f.present(t, "other")
		before := name(t, late)
		letGo := late.Hold(t.Context(), batch, "a")
		defer letGo()
		f.late(t, other)
		equal(t, "name", name(t, late), before)
		equal(t, "held", f.heldBy(t, before), []ledger.Held{{Batch: batch, Key: "a"}})
	})
}

// A worker that was stopped begins nothing under the name under which it was found dead.
func TestResumedWorkerTakesANewName(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
		stopped, living := f.present(t, "stopped"), f.present(t, "living")
		old := name(t, stopped)
		letGo := stopped.Hold(t.Context(), batch, "a")
		equal(t, "found dead", f.silent(t, living), []string{old})

		renamed := name(t, stopped)
		if renamed == old || !strings.HasPrefix(renamed, "stopped-") {
			t.Errorf("after being found dead as %s it goes by %s", old, renamed)
		}
		equal(t, "name, asked again", name(t, stopped), renamed)
		equal(t, "what it holds came along", f.heldBy(t, renamed), []ledger.Held{{Batch: batch, Key: "a"}})
		letGo()
		equal(t, "let go under the new name", f.heldBy(t, renamed), []ledger.Held{})
		equal(t, "the old notes are the rescuers'", f.heldBy(t, old), []ledger.Held{{Batch: batch, Key: "a"}})
	})
}

// Also taking the next task, before any beat, tells a resumed worker what became of it.
func TestResumedWorkerNotesUnderANewName(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
		stopped, living := f.present(t, "stopped"), f.present(t, "living")
		old := name(t, stopped)
		f.silent(t, living)
		letGo := stopped.Hold(t.Context(), batch, "a")
		defer letGo()
		equal(t, "under the dead name", f.heldBy(t, old), []ledger.Held{})
		equal(t, "under the new one", f.heldBy(t, name(t, stopped)), []ledger.Held{{Batch: batch, Key: "a"}})
	})
}

// After an outage of Redis nobody is found dead before all had the time to return.
func TestOutageKillsNobody(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
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

func TestNotesCountHolders(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
		p := f.present(t, "w")
		a := []ledger.Held{{Batch: batch, Key: "a"}}
		first, second := p.Hold(t.Context(), batch, "a"), p.Hold(t.Context(), batch, "a")
		equal(t, "two holders", f.heldBy(t, name(t, p)), a)
		p.fleet = meddlingFleet{f.Ledger, func() { t.Error("the note was taken back with a holder left") }}
		first()
		first()
		p.fleet = f.Ledger
		equal(t, "one that let go twice, and another", f.heldBy(t, name(t, p)), a)
		ended, cancel := context.WithCancel(t.Context())
		third := p.Hold(ended, batch, "b")
		cancel()
		third()
		second()
		equal(t, "none", f.heldBy(t, name(t, p)), []ledger.Held{})
	})
}

// A task that begins just as another of its item ends keeps its note.
func TestNoteSurvivesTheEndOfAnother(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
		p := f.present(t, "w")
		first := p.Hold(t.Context(), batch, "a")
		var second func()
		p.fleet = meddlingFleet{f.Ledger, func() { second = p.Hold(t.Context(), batch, "a") }}
		first()
		p.fleet = f.Ledger
		equal(t, "held", f.heldBy(t, name(t, p)), []ledger.Held{{Batch: batch, Key: "a"}})
		second()
		equal(t, "held in the end", f.heldBy(t, name(t, p)), []ledger.Held{})
	})
}

// meddlingFleet lets something happen just before a note is taken back.
type meddlingFleet struct {
	Fleet
	before func()
}

func (m meddlingFleet) LetGo(ctx context.Context, worker string, h ledger.Held) error {
	m.before()
	return m.Fleet.LetGo(ctx, worker, h)
}

// Without Redis a fresh name is good until it might be found dead, and then none is.
func TestNameWithoutRedis(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
		p := f.present(t, "w")
		before := name(t, p)
		p.fleet = ledger.New(unreachable(t))
		f.pass(freshFor - time.Millisecond)
		equal(t, "name while fresh", name(t, p), before)
		f.pass(time.Millisecond)
		if n, err := p.Name(t.Context()); err == nil {
			t.Errorf("name %s, though it may have been found dead", n)
		}
		letGo := p.Hold(t.Context(), batch, "a")
		letGo()
		p.fleet = f.Ledger
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
	p := NewPresence(ledger.New(unreachable(t)), "w", zerolog.Nop())
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

// An idle worker asks at most 3 commands a second of Redis, those inside scripts included.
func TestIdleCost(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newPresenceFixture(t)
		f.Ledger = ledger.New(f.rdb) // whose script also asks Redis for the time
		p := f.present(t, "w")
		beat(t, p)
		before := f.redis.Commands()
		const beats = 10
		for range beats {
			beat(t, p)
		}
		spent := f.redis.Commands() - before
		if perSecond := float64(spent) / beats / BeatEvery.Seconds(); perSecond > 3 {
			t.Errorf("%d commands in %d beats are %.1f a second", spent, beats, perSecond)
		}
	})
}
