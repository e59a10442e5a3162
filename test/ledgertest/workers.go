package ledgertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"havip/ledger"
)

// silence is what tests let a worker be silent for, and call how long its requests may take.
const (
	silence = 8 * time.Second
	call    = 16 * time.Second
)

func (f *ledgerFixture) enter(t *testing.T, worker string, held ...ledger.Held) {
	t.Helper()
	if err := f.Enter(t.Context(), worker, held); err != nil {
		t.Fatal(err)
	}
}

func (f *ledgerFixture) beat(t *testing.T, worker string, silence time.Duration) ledger.Roll {
	t.Helper()
	roll, err := f.Beat(t.Context(), worker, silence)
	if err != nil {
		t.Fatal(err)
	}
	return roll
}

// hold is by w1.
func (f *ledgerFixture) hold(t *testing.T, key string, want bool) {
	t.Helper()
	noted, err := f.Hold(t.Context(), "w1", ledger.Held{Batch: batch, Key: key})
	if err != nil || noted != want {
		t.Fatalf("hold %s: %v, %v, want %v", key, noted, err, want)
	}
}

func (f *ledgerFixture) heldBy(t *testing.T, worker string) []string {
	t.Helper()
	held, err := f.HeldBy(t.Context(), worker)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, h := range held {
		names = append(names, h.Batch+"/"+h.Key)
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

// release is of what w1 held, which is dead.
func (f *ledgerFixture) release(t *testing.T, key string, want ledger.Verdict) ledger.Release {
	t.Helper()
	release, err := f.Release(t.Context(), batch, key, "w1")
	if err != nil {
		t.Fatal(err)
	}
	if release.Verdict != want {
		t.Fatalf("release %s: verdict %s, want %s", key, release.Verdict, want)
	}
	return release
}

func testBeats(t *testing.T, f *ledgerFixture) {
	f.enter(t, "w1")
	f.pass(time.Second)
	f.enter(t, "w2")
	f.pass(time.Second)
	f.beat(t, "w1", 0)
	roll := func() (names []string) {
		t.Helper()
		beats, err := f.Beats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, beat := range beats {
			names = append(names, beat.Worker)
			if i > 0 && beat.At != beats[i-1].At+1000 {
				t.Errorf("%s at %d, %s at %d", beat.Worker, beat.At, beats[i-1].Worker, beats[i-1].At)
			}
		}
		return names
	}
	equal(t, "the longest silent first", roll(), []string{"w2", "w1"})
	f.pass(silence)
	f.beat(t, "w1", silence)
	equal(t, "without the dead", roll(), []string{"w1"})
}

func testDead(t *testing.T, f *ledgerFixture) {
	f.enter(t, "w1")
	f.enter(t, "w2")
	equal(t, "nobody is dead", f.beat(t, "w2", silence), ledger.Roll{Alive: true})
	f.pass(silence)
	equal(t, "silent for just that long", f.beat(t, "w2", silence), ledger.Roll{Alive: true})
	f.pass(time.Millisecond)
	equal(t, "who finds nobody dead", f.beat(t, "w2", 0), ledger.Roll{Alive: true})
	equal(t, "silent for longer", f.beat(t, "w2", silence), ledger.Roll{Alive: true, Dead: []string{"w1"}})
	equal(t, "the dead learn it", f.beat(t, "w1", silence).Alive, false)
	equal(t, "beating does not raise them", f.beat(t, "w1", silence).Alive, false)
	equal(t, "everybody hears of them", f.beat(t, "w2", 0).Dead, []string{"w1"})
	equal(t, "who never entered is not alive", f.beat(t, "stranger", silence).Alive, false)
}

func testLateBeat(t *testing.T, f *ledgerFixture) {
	f.enter(t, "late")
	f.enter(t, "w2")
	f.pass(5 * time.Second)
	equal(t, "late by 5 s, seen by another", f.beat(t, "w2", silence), ledger.Roll{Alive: true})
	f.pass(time.Hour)
	// It was away itself, and judges by its own return; it does not find itself dead.
	equal(t, "very late, but nobody had found it dead", f.beat(t, "late", 0), ledger.Roll{Alive: true})
	equal(t, "a second beat at the same moment", f.beat(t, "late", 0), ledger.Roll{Alive: true})
}

func testBury(t *testing.T, f *ledgerFixture) {
	f.enter(t, "w1", ledger.Held{Batch: batch, Key: "a/b"}, ledger.Held{Batch: batch, Key: "c"})
	equal(t, "held from the start", f.heldBy(t, "w1"), []string{batch + "/a/b", batch + "/c"})
	f.enter(t, "w2")
	f.pass(silence + time.Millisecond)
	f.beat(t, "w2", 0)
	f.beat(t, "w2", silence)
	bury := func(want []string) {
		t.Helper()
		if err := f.Bury(t.Context(), "w1"); err != nil {
			t.Fatal(err)
		}
		equal(t, "still to be rescued", f.beat(t, "w2", silence).Dead, want)
	}
	bury([]string{"w1"})
	for _, key := range []string{"a/b", "c", "c"} {
		if err := f.LetGo(t.Context(), "w1", ledger.Held{Batch: batch, Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	bury(nil)
	bury(nil)
	equal(t, "buried is not alive", f.beat(t, "w1", silence).Alive, false)
}

func testLeave(t *testing.T, f *ledgerFixture) {
	f.enter(t, "empty")
	f.enter(t, "holding", ledger.Held{Batch: batch, Key: "a"})
	f.enter(t, "w2")
	for worker, want := range map[string]int64{"empty": 0, "holding": 1} {
		left, err := f.Leave(t.Context(), worker)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, worker, left, want)
	}
	equal(t, "to be rescued", f.beat(t, "w2", silence).Dead, []string{"holding"})
	f.pass(time.Hour)
	f.beat(t, "w2", 0)
	equal(t, "who left is not found dead", f.beat(t, "w2", silence).Dead, []string{"holding"})
}

func testHold(t *testing.T, f *ledgerFixture) {
	f.hold(t, "a", false)
	f.enter(t, "w1")
	f.hold(t, "a", true)
	f.hold(t, "a", true)
	equal(t, "held", f.heldBy(t, "w1"), []string{batch + "/a"})
	f.enter(t, "w2")
	f.pass(silence + time.Millisecond)
	f.beat(t, "w2", 0)
	f.beat(t, "w2", silence)
	f.hold(t, "b", false)
	equal(t, "the dead note nothing", f.heldBy(t, "w1"), []string{batch + "/a"})
}

func testRelease(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	o := terms("t1")
	o.Worker = "w1"
	f.begin(t, "a", o, ledger.Begun)
	f.pass(9 * time.Second)
	for range 2 {
		release := f.release(t, "a", ledger.Applied)
		equal(t, "wait", release.Wait, call-9*time.Second)
		equal(t, "item", release.Item, f.item(t, "a"))
		equal(t, "spec", release.Item.Spec, spec("a"))
	}
	equal(t, "state", f.item(t, "a").Record.State, ledger.Sending)
	f.pass(call - 9*time.Second - time.Millisecond)
	o = terms("t2")
	o.Worker = "w2"
	equal(t, "the request may be under way", f.begin(t, "a", o, ledger.Busy).Wait, time.Millisecond)
	f.pass(time.Millisecond)
	equal(t, "wait is over", f.release(t, "a", ledger.Applied).Wait, time.Duration(0))
	rec := f.begin(t, "a", o, ledger.Begun).Item.Record
	equal(t, "interrupted counts", rec.Attempts, 1)
	equal(t, "in doubt", rec.Unknown, true)
	equal(t, "log", f.attempts(t, "a")[0].Class, "interrupted")
	f.release(t, "a", ledger.Busy)
	f.record(t, "a", 1, createdOutcome, ledger.Applied)
	f.record(t, "a", 2, createdOutcome, ledger.Same)
}

func testReleaseNothing(t *testing.T, f *ledgerFixture) {
	f.register(t, "created", "rejected", "other's")
	for _, key := range []string{"created", "rejected"} {
		o := terms("t1")
		o.Worker = "w1"
		f.begin(t, key, o, ledger.Begun)
	}
	f.record(t, "created", 1, createdOutcome, ledger.Applied)
	f.record(t, "rejected", 1, rejectedOutcome, ledger.Applied)
	o := terms("t1")
	o.Worker = "w2"
	f.begin(t, "other's", o, ledger.Begun)
	before := f.item(t, "other's")
	f.pass(time.Second)
	f.release(t, "created", ledger.Finished)
	f.release(t, "rejected", ledger.Finished)
	f.release(t, "other's", ledger.Busy)
	equal(t, "another worker's attempt", f.item(t, "other's"), before)
	equal(t, "absent", f.release(t, "nobody's", ledger.Absent), ledger.Release{Verdict: ledger.Absent})
}

func testReleaseUnsent(t *testing.T, f *ledgerFixture) {
	f.register(t, "queued", "unknown", "waiting")
	for key, outcome := range map[string]ledger.Outcome{
		"unknown": unknownOutcome, "waiting": throttledOutcome,
	} {
		f.begin(t, key, terms("t1"), ledger.Begun)
		f.record(t, key, 1, outcome, ledger.Applied)
	}
	for _, key := range []string{"queued", "unknown", "waiting"} {
		before := f.item(t, key)
		release := f.release(t, key, ledger.Applied)
		equal(t, key+": wait", release.Wait, time.Duration(0))
		equal(t, key+": unchanged", f.item(t, key), before)
	}
}
