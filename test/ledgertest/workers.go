package ledgertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
	"havip/lifecycle"
)

// call is how long the requests of tests may take.
const call = 16 * time.Second

func (f *ledgerFixture) enter(t *testing.T, worker string, held ...ledger.ClaimedItem) {
	t.Helper()
	if err := f.Enter(t.Context(), worker, held); err != nil {
		t.Fatal(err)
	}
}

func (f *ledgerFixture) beat(t *testing.T, worker string) ledger.Heartbeats {
	t.Helper()
	roll, err := f.Beat(t.Context(), worker)
	if err != nil {
		t.Fatal(err)
	}
	return roll
}

// declare is of a worker whose beat of this number was the last that somebody saw.
func (f *ledgerFixture) declare(t *testing.T, worker string, beat int64, want bool) {
	t.Helper()
	done, err := f.DeclareDead(t.Context(), worker, beat)
	if err != nil || done != want {
		t.Fatalf("declare %s dead since beat %d: %v, %v, want %v", worker, beat, done, err, want)
	}
}

// hold is by w1.
func (f *ledgerFixture) hold(t *testing.T, key string, want bool) {
	t.Helper()
	noted, err := f.ClaimItem(t.Context(), "w1", ledger.ClaimedItem{Batch: batch, Key: key})
	if err != nil || noted != want {
		t.Fatalf("hold %s: %v, %v, want %v", key, noted, err, want)
	}
}

func (f *ledgerFixture) heldBy(t *testing.T, worker string) []string {
	t.Helper()
	held, err := f.ClaimedBy(t.Context(), worker)
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

// release is of what w1 held, which is dead and was silent for so long.
func (f *ledgerFixture) release(t *testing.T, key string, silent time.Duration, want lifecycle.Released) ledger.Release {
	t.Helper()
	release, err := f.Release(t.Context(), batch, key, "w1", silent)
	if err != nil {
		t.Fatal(err)
	}
	if release.Result != want {
		t.Fatalf("release %s: result %s, want %s", key, release.Result, want)
	}
	return release
}

func testWorkerInfos(t *testing.T, f *ledgerFixture) {
	describe := func(worker, key string) {
		info := ledger.WorkerInfo{Version: "v1", Lanes: []ledger.WorkerLane{{Lane: "default/bj", Endpoint: "https://bcc.bj.baidubce.com", Key: key}}}
		if err := f.Describe(t.Context(), worker, info); err != nil {
			t.Fatal(err)
		}
	}
	keys := func() map[string]string {
		infos, err := f.WorkerInfos(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]string{}
		for worker, info := range infos {
			keys[worker] = info.Version + " " + info.Lanes[0].Lane + " " + info.Lanes[0].Key
		}
		return keys
	}
	want := func(when string, want map[string]string) {
		if diff := cmp.Diff(want, keys()); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	f.enter(t, "w1")
	f.enter(t, "w2")
	f.enter(t, "undescribed")
	describe("w1", "aa")
	describe("w2", "aa")
	describe("w2", "bb")
	describe("stranger", "cc")
	want("described", map[string]string{"w1": "v1 default/bj aa", "w2": "v1 default/bj bb"})
	if err := f.rdb.HSet(t.Context(), "havip:workers:{workers}:info", "undescribed", "garbage").Err(); err != nil {
		t.Fatal(err)
	}
	want("one unreadable", map[string]string{"w1": "v1 default/bj aa", "w2": "v1 default/bj bb"})
	if _, err := f.Leave(t.Context(), "w1"); err != nil {
		t.Fatal(err)
	}
	f.pass(time.Minute)
	f.beat(t, "undescribed")
	for age, count := range map[time.Duration]int{time.Minute - time.Second: 0, time.Minute + time.Second: 1} {
		infos, err := f.RecentWorkerInfos(t.Context(), age)
		if err != nil || len(infos) != count {
			t.Errorf("up to %s ago: %v, %v", age, infos, err)
		}
	}
	want("w1 left", map[string]string{"w2": "v1 default/bj bb"})
	f.declare(t, "w2", f.beat(t, "w2").Counts["w2"], true)
	describe("w2", "dd")
	want("w2 dead", map[string]string{})
	if names := f.rdb.HKeys(t.Context(), "havip:workers:{workers}:info").Val(); !slices.Equal(names, []string{"undescribed"}) {
		t.Errorf("left over: %v", names)
	}
}

func testBeats(t *testing.T, f *ledgerFixture) {
	f.enter(t, "w1")
	f.pass(time.Second)
	f.enter(t, "w2")
	f.pass(time.Second)
	f.beat(t, "w1")
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
	f.declare(t, "w2", 1, true)
	equal(t, "without the dead", roll(), []string{"w1"})
}

// Only who observed a worker's last beat can find it dead, and what a clock says does not matter.
func testDead(t *testing.T, f *ledgerFixture) {
	f.enter(t, "w1")
	f.enter(t, "w2")
	equal(t, "nobody is dead", f.beat(t, "w2"), ledger.Heartbeats{Alive: true, Counts: map[string]int64{"w1": 1, "w2": 2}})
	f.beat(t, "w1")
	f.declare(t, "w1", 1, false)
	for _, step := range []time.Duration{24 * time.Hour, -48 * time.Hour} {
		f.pass(step)
		equal(t, "after a step of the clock", f.beat(t, "w2").Dead, []string(nil))
		equal(t, "the other", f.beat(t, "w1").Alive, true)
	}
	f.declare(t, "w1", 4, true)
	f.declare(t, "w1", 4, false)
	equal(t, "the dead learn it", f.beat(t, "w1").Alive, false)
	equal(t, "beating does not raise them", f.beat(t, "w1").Alive, false)
	equal(t, "everybody hears of them", f.beat(t, "w2"), ledger.Heartbeats{Alive: true, Dead: []string{"w1"}, Counts: map[string]int64{"w1": 4, "w2": 5}})
	equal(t, "who never entered is not alive", f.beat(t, "stranger").Alive, false)
	f.declare(t, "stranger", 0, false)
}

func testLateBeat(t *testing.T, f *ledgerFixture) {
	f.enter(t, "late")
	f.pass(time.Hour)
	equal(t, "very late, but nobody had found it dead", f.beat(t, "late"), ledger.Heartbeats{Alive: true, Counts: map[string]int64{"late": 2}})
	equal(t, "a second beat at the same moment", f.beat(t, "late"), ledger.Heartbeats{Alive: true, Counts: map[string]int64{"late": 3}})
}

// What somebody else, or a broken Redis, left of the numbers of beats stops neither the worker it is about nor others,
// and a worker that is silent is found dead all the same.
func testUnreadableBeats(t *testing.T, f *ledgerFixture) {
	for _, worker := range []string{"w1", "w2", "dead"} {
		f.enter(t, worker)
	}
	f.declare(t, "dead", 1, true)
	if err := f.rdb.HSet(t.Context(), "havip:workers:{workers}:pulse", "w1", "garbage", "w2", "1e99", "dead", "-", "stranger", "9999999999999999999").Err(); err != nil {
		t.Fatal(err)
	}
	equal(t, "all but the dead begin again", f.beat(t, "w1"), ledger.Heartbeats{Alive: true, Dead: []string{"dead"}, Counts: map[string]int64{"w1": 1, "w2": 1}})
	equal(t, "and go on", f.beat(t, "w1").Counts, map[string]int64{"w1": 2, "w2": 1})
	f.declare(t, "w2", 1, true)
}

func testBury(t *testing.T, f *ledgerFixture) {
	f.enter(t, "w1", ledger.ClaimedItem{Batch: batch, Key: "a/b"}, ledger.ClaimedItem{Batch: batch, Key: "c"})
	equal(t, "held from the start", f.heldBy(t, "w1"), []string{batch + "/a/b", batch + "/c"})
	f.enter(t, "w2")
	f.declare(t, "w1", 1, true)
	removeDeadWorker := func(want []string) {
		t.Helper()
		if err := f.RemoveDeadWorker(t.Context(), "w1"); err != nil {
			t.Fatal(err)
		}
		roll := f.beat(t, "w2")
		equal(t, "still to be rescued", roll.Dead, want)
		equal(t, "names known", len(roll.Counts), 1+len(want))
	}
	removeDeadWorker([]string{"w1"})
	for _, key := range []string{"a/b", "c", "c"} {
		if err := f.UnclaimItem(t.Context(), "w1", ledger.ClaimedItem{Batch: batch, Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	removeDeadWorker(nil)
	removeDeadWorker(nil)
	equal(t, "removed is not alive", f.beat(t, "w1").Alive, false)
	if err := f.RemoveDeadWorker(t.Context(), "w2"); err != nil {
		t.Fatal(err)
	}
	equal(t, "the living are not removed", f.beat(t, "w2").Alive, true)
}

func testLeave(t *testing.T, f *ledgerFixture) {
	f.enter(t, "empty")
	f.enter(t, "holding", ledger.ClaimedItem{Batch: batch, Key: "a"})
	f.enter(t, "w2")
	for worker, want := range map[string]int64{"empty": 0, "holding": 1} {
		left, err := f.Leave(t.Context(), worker)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, worker, left, want)
	}
	equal(t, "to be rescued", f.beat(t, "w2"), ledger.Heartbeats{Alive: true, Dead: []string{"holding"}, Counts: map[string]int64{"holding": 1, "w2": 2}})
	f.declare(t, "empty", 1, false)
	f.declare(t, "holding", 1, false)
}

func testHold(t *testing.T, f *ledgerFixture) {
	f.hold(t, "a", false)
	f.enter(t, "w1")
	f.hold(t, "a", true)
	f.hold(t, "a", true)
	equal(t, "held", f.heldBy(t, "w1"), []string{batch + "/a"})
	f.declare(t, "w1", 1, true)
	f.hold(t, "b", false)
	equal(t, "the dead note nothing", f.heldBy(t, "w1"), []string{batch + "/a"})
}

func testRelease(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	o := terms("t1")
	o.Worker = "w1"
	f.begin(t, "a", o, lifecycle.StartSend)
	before := f.item(t, "a")
	f.pass(time.Hour) // by the clock, which proves nothing
	early := f.release(t, "a", 9*time.Second, lifecycle.ReleasedEarly)
	equal(t, "wait", early.Wait, call-9*time.Second)
	f.release(t, "a", call-time.Millisecond, lifecycle.ReleasedEarly)
	equal(t, "released too early", f.item(t, "a"), before)
	o = terms("t2")
	o.Worker = "w2"
	f.begin(t, "a", o, lifecycle.StartBusy)
	for range 2 {
		release := f.release(t, "a", call, lifecycle.ReleasedApplied)
		equal(t, "wait", release.Wait, time.Duration(0))
		equal(t, "item", release.Item, f.item(t, "a"))
		equal(t, "spec", release.Item.Spec, spec("a"))
	}
	equal(t, "state", f.item(t, "a").Record.State, ledger.Sending)
	rec := f.begin(t, "a", o, lifecycle.StartSend).Item.Record
	equal(t, "interrupted counts", rec.Attempts, 1)
	equal(t, "outcome unknown", rec.Unknown, true)
	equal(t, "log", f.attempts(t, "a")[0].Class, "interrupted")
	f.release(t, "a", time.Hour, lifecycle.ReleasedBusy)
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	f.record(t, "a", 2, createdOutcome, lifecycle.RecordedSame)
}

func testReleaseNothing(t *testing.T, f *ledgerFixture) {
	f.register(t, "created", "rejected", "other's")
	for _, key := range []string{"created", "rejected"} {
		o := terms("t1")
		o.Worker = "w1"
		f.begin(t, key, o, lifecycle.StartSend)
	}
	f.record(t, "created", 1, createdOutcome, lifecycle.RecordedApplied)
	f.record(t, "rejected", 1, rejectedOutcome, lifecycle.RecordedApplied)
	o := terms("t1")
	o.Worker = "w2"
	f.begin(t, "other's", o, lifecycle.StartSend)
	before := f.item(t, "other's")
	f.pass(time.Second)
	f.release(t, "created", 0, lifecycle.ReleasedFinished)
	f.release(t, "rejected", 0, lifecycle.ReleasedFinished)
	f.release(t, "other's", time.Hour, lifecycle.ReleasedBusy)
	equal(t, "another worker's attempt", f.item(t, "other's"), before)
	equal(t, "absent", f.release(t, "nobody's", 0, lifecycle.ReleasedAbsent), ledger.Release{Result: lifecycle.ReleasedAbsent})
}

func testReleaseUnsent(t *testing.T, f *ledgerFixture) {
	f.register(t, "queued", "unknown", "waiting")
	for key, outcome := range map[string]ledger.Outcome{
		"unknown": unknownOutcome, "waiting": throttledOutcome,
	} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		f.record(t, key, 1, outcome, lifecycle.RecordedApplied)
	}
	for _, key := range []string{"queued", "unknown", "waiting"} {
		before := f.item(t, key)
		release := f.release(t, key, 0, lifecycle.ReleasedApplied)
		equal(t, key+": wait", release.Wait, time.Duration(0))
		equal(t, key+": unchanged", f.item(t, key), before)
	}
}
