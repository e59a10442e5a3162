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

func (b *bench) enter(t *testing.T, worker string, held ...ledger.Held) {
	t.Helper()
	if err := b.Enter(t.Context(), worker, held); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) beat(t *testing.T, worker string, silence time.Duration) ledger.Roll {
	t.Helper()
	roll, err := b.Beat(t.Context(), worker, silence)
	if err != nil {
		t.Fatal(err)
	}
	return roll
}

// hold is by w1.
func (b *bench) hold(t *testing.T, key string, want bool) {
	t.Helper()
	noted, err := b.Hold(t.Context(), "w1", ledger.Held{Batch: batch, Key: key})
	if err != nil || noted != want {
		t.Fatalf("hold %s: %v, %v, want %v", key, noted, err, want)
	}
}

func (b *bench) heldBy(t *testing.T, worker string) []string {
	t.Helper()
	held, err := b.HeldBy(t.Context(), worker)
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
func (b *bench) release(t *testing.T, key string, want ledger.Verdict) ledger.Release {
	t.Helper()
	release, err := b.Release(t.Context(), batch, key, "w1")
	if err != nil {
		t.Fatal(err)
	}
	if release.Verdict != want {
		t.Fatalf("release %s: verdict %s, want %s", key, release.Verdict, want)
	}
	return release
}

func testBeats(t *testing.T, b *bench) {
	b.enter(t, "w1")
	b.pass(time.Second)
	b.enter(t, "w2")
	b.pass(time.Second)
	b.beat(t, "w1", 0)
	roll := func() (names []string) {
		t.Helper()
		beats, err := b.Beats(t.Context())
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
	b.pass(silence)
	b.beat(t, "w1", silence)
	equal(t, "without the dead", roll(), []string{"w1"})
}

func testDead(t *testing.T, b *bench) {
	b.enter(t, "w1")
	b.enter(t, "w2")
	equal(t, "nobody is dead", b.beat(t, "w2", silence), ledger.Roll{Alive: true})
	b.pass(silence)
	equal(t, "silent for just that long", b.beat(t, "w2", silence), ledger.Roll{Alive: true})
	b.pass(time.Millisecond)
	equal(t, "who finds nobody dead", b.beat(t, "w2", 0), ledger.Roll{Alive: true})
	equal(t, "silent for longer", b.beat(t, "w2", silence), ledger.Roll{Alive: true, Dead: []string{"w1"}})
	equal(t, "the dead learn it", b.beat(t, "w1", silence).Alive, false)
	equal(t, "beating does not raise them", b.beat(t, "w1", silence).Alive, false)
	equal(t, "everybody hears of them", b.beat(t, "w2", 0).Dead, []string{"w1"})
	equal(t, "who never entered is not alive", b.beat(t, "stranger", silence).Alive, false)
}

func testLateBeat(t *testing.T, b *bench) {
	b.enter(t, "late")
	b.enter(t, "w2")
	b.pass(5 * time.Second)
	equal(t, "late by 5 s, seen by another", b.beat(t, "w2", silence), ledger.Roll{Alive: true})
	b.pass(time.Hour)
	// It was away itself, and judges by its own return; it does not find itself dead.
	equal(t, "very late, but nobody had found it dead", b.beat(t, "late", 0), ledger.Roll{Alive: true})
	equal(t, "a second beat at the same moment", b.beat(t, "late", 0), ledger.Roll{Alive: true})
}

func testBury(t *testing.T, b *bench) {
	b.enter(t, "w1", ledger.Held{Batch: batch, Key: "a/b"}, ledger.Held{Batch: batch, Key: "c"})
	equal(t, "held from the start", b.heldBy(t, "w1"), []string{batch + "/a/b", batch + "/c"})
	b.enter(t, "w2")
	b.pass(silence + time.Millisecond)
	b.beat(t, "w2", 0)
	b.beat(t, "w2", silence)
	bury := func(want []string) {
		t.Helper()
		if err := b.Bury(t.Context(), "w1"); err != nil {
			t.Fatal(err)
		}
		equal(t, "still to be rescued", b.beat(t, "w2", silence).Dead, want)
	}
	bury([]string{"w1"})
	for _, key := range []string{"a/b", "c", "c"} {
		if err := b.LetGo(t.Context(), "w1", ledger.Held{Batch: batch, Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	bury(nil)
	bury(nil)
	equal(t, "buried is not alive", b.beat(t, "w1", silence).Alive, false)
}

func testLeave(t *testing.T, b *bench) {
	b.enter(t, "empty")
	b.enter(t, "holding", ledger.Held{Batch: batch, Key: "a"})
	b.enter(t, "w2")
	for worker, want := range map[string]int64{"empty": 0, "holding": 1} {
		left, err := b.Leave(t.Context(), worker)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, worker, left, want)
	}
	equal(t, "to be rescued", b.beat(t, "w2", silence).Dead, []string{"holding"})
	b.pass(time.Hour)
	b.beat(t, "w2", 0)
	equal(t, "who left is not found dead", b.beat(t, "w2", silence).Dead, []string{"holding"})
}

func testHold(t *testing.T, b *bench) {
	b.hold(t, "a", false)
	b.enter(t, "w1")
	b.hold(t, "a", true)
	b.hold(t, "a", true)
	equal(t, "held", b.heldBy(t, "w1"), []string{batch + "/a"})
	b.enter(t, "w2")
	b.pass(silence + time.Millisecond)
	b.beat(t, "w2", 0)
	b.beat(t, "w2", silence)
	b.hold(t, "b", false)
	equal(t, "the dead note nothing", b.heldBy(t, "w1"), []string{batch + "/a"})
}

func testRelease(t *testing.T, b *bench) {
	b.register(t, "a")
	o := terms("t1")
	o.Worker = "w1"
	b.begin(t, "a", o, ledger.Begun)
	b.pass(9 * time.Second)
	for range 2 {
		release := b.release(t, "a", ledger.Applied)
		equal(t, "wait", release.Wait, call-9*time.Second)
		equal(t, "item", release.Item, b.item(t, "a"))
		equal(t, "spec", release.Item.Spec, spec("a"))
	}
	equal(t, "state", b.item(t, "a").Record.State, ledger.Sending)
	b.pass(call - 9*time.Second - time.Millisecond)
	o = terms("t2")
	o.Worker = "w2"
	equal(t, "the request may be under way", b.begin(t, "a", o, ledger.Busy).Wait, time.Millisecond)
	b.pass(time.Millisecond)
	equal(t, "wait is over", b.release(t, "a", ledger.Applied).Wait, time.Duration(0))
	rec := b.begin(t, "a", o, ledger.Begun).Item.Record
	equal(t, "interrupted counts", rec.Attempts, 1)
	equal(t, "in doubt", rec.Unknown, true)
	equal(t, "log", b.attempts(t, "a")[0].Class, "interrupted")
	b.release(t, "a", ledger.Busy)
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	b.record(t, "a", 2, createdOutcome, ledger.Same)
}

func testReleaseNothing(t *testing.T, b *bench) {
	b.register(t, "created", "rejected", "other's")
	for _, key := range []string{"created", "rejected"} {
		o := terms("t1")
		o.Worker = "w1"
		b.begin(t, key, o, ledger.Begun)
	}
	b.record(t, "created", 1, createdOutcome, ledger.Applied)
	b.record(t, "rejected", 1, rejectedOutcome, ledger.Applied)
	o := terms("t1")
	o.Worker = "w2"
	b.begin(t, "other's", o, ledger.Begun)
	before := b.item(t, "other's")
	b.pass(time.Second)
	b.release(t, "created", ledger.Finished)
	b.release(t, "rejected", ledger.Finished)
	b.release(t, "other's", ledger.Busy)
	equal(t, "another worker's attempt", b.item(t, "other's"), before)
	equal(t, "absent", b.release(t, "nobody's", ledger.Absent), ledger.Release{Verdict: ledger.Absent})
}

func testReleaseUnsent(t *testing.T, b *bench) {
	b.register(t, "queued", "unknown", "waiting", "no address")
	noAddress := createdOutcome
	noAddress.PrivateIPAddress = ""
	for key, outcome := range map[string]ledger.Outcome{
		"unknown": unknownOutcome, "waiting": throttledOutcome, "no address": noAddress,
	} {
		b.begin(t, key, terms("t1"), ledger.Begun)
		b.record(t, key, 1, outcome, ledger.Applied)
	}
	for _, key := range []string{"queued", "unknown", "waiting", "no address"} {
		before := b.item(t, key)
		release := b.release(t, key, ledger.Applied)
		equal(t, key+": wait", release.Wait, time.Duration(0))
		equal(t, key+": unchanged", b.item(t, key), before)
	}
}
