package ledgertest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// operator is who acts on the line.
var operator = ledger.Act{By: "li@host", Reason: "look at these"}

func (f *ledgerFixture) limit(t *testing.T, limit ledger.FailureLimit, want bool) {
	t.Helper()
	changed, err := f.LimitFailures(t.Context(), batch, limit, operator)
	equal(t, "another limit", changed, want)
	equal(t, "error", err, nil)
}

func (f *ledgerFixture) pause(t *testing.T, want bool) {
	t.Helper()
	changed, err := f.Pause(t.Context(), batch, operator)
	equal(t, "paused", changed, want)
	equal(t, "error", err, nil)
}

// resume is under the limit that stands, unless another is given.
func (f *ledgerFixture) resume(t *testing.T, want bool, limits ...ledger.FailureLimit) {
	t.Helper()
	var limit *ledger.FailureLimit
	if len(limits) > 0 {
		limit = &limits[0]
	}
	changed, err := f.Resume(t.Context(), batch, limit, operator)
	equal(t, "resumed", changed, want)
	equal(t, "error", err, nil)
}

func (f *ledgerFixture) isHeld(t *testing.T, want bool) {
	t.Helper()
	held, err := f.IsPaused(t.Context(), batch)
	equal(t, "held", held, want)
	equal(t, "error", err, nil)
	equal(t, "the batch says so", f.batch(t).Pause != nil, want)
}

// fail has the items rejected.
func (f *ledgerFixture) fail(t *testing.T, keys ...string) {
	t.Helper()
	f.sent(t, rejectedOutcome, keys...)
}

// After the failure that exceeds the limit, only items of unknown outcome are begun.
func testFailuresHold(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b", "c", "queued", "waiting", "not sent", "doubtful", "absent", "flying")
	f.limit(t, "2", true)
	f.sent(t, throttledOutcome, "waiting")
	f.sent(t, notSentOutcome, "not sent")
	f.sent(t, unknownOutcome, "doubtful", "absent")
	f.begin(t, "flying", terms("t1"), lifecycle.StartSend)
	f.fail(t, "a")
	f.settle(t, ledger.Review, "b")
	f.isHeld(t, false)
	f.fail(t, "c")
	f.isHeld(t, true)
	at := ledger.Millis(f.clock().UnixMilli())
	equal(t, "pause", f.batch(t).Pause, &ledger.Pause{At: at, Limit: "2", Failed: 3, Total: 9})
	for _, key := range []string{"queued", "waiting", "not sent"} {
		before := f.item(t, key)
		start := f.begin(t, key, terms("t9"), lifecycle.StartPaused)
		equal(t, key+" is as it was", []ledger.Item{start.Item, f.item(t, key)}, []ledger.Item{before, before})
	}
	f.begin(t, "flying", terms("t1"), lifecycle.StartSend) // its reply was lost
	f.record(t, "flying", 1, createdOutcome, lifecycle.RecordedApplied)
	f.begin(t, "doubtful", terms("t2"), lifecycle.StartSend)
	f.record(t, "doubtful", 2, rejectedOutcome, lifecycle.RecordedApplied)
	f.absent(t, "absent", "next", lifecycle.AbsenceRenewed)
	f.begin(t, "absent", terms("t3"), lifecycle.StartPaused) // it provably did nothing
	f.begin(t, "a", terms("t2"), lifecycle.StartFinished)
	f.pass(48 * time.Hour)
	f.begin(t, "waiting", terms("t9"), lifecycle.StartPaused) // neither idle nor exhausted
	acts, err := f.Acts(t.Context(), batch, "")
	equal(t, "error", err, nil)
	equal(t, "told", acts[len(acts)-1].Detail, "3 of 9 items failed (limit 2)")
}

// The first failure of a batch that may have none; and a percentage, which is of a whole batch.
func testFailureLimits(t *testing.T, f *ledgerFixture) {
	f.register(t, manyKeys(40)...)
	f.limit(t, "5%", true)
	f.limit(t, "5%", false)
	f.fail(t, manyKeys(2)...)
	f.isHeld(t, false)
	f.fail(t, "vip-0002")
	f.isHeld(t, false) // of 40 it would be too many, and more may come
	f.commit(t)
	f.isHeld(t, true)
	f.resume(t, true, "0")
	f.isHeld(t, false)
	f.fail(t, "vip-0003")
	equal(t, "failed since", f.batch(t).Pause.Failed, int64(1))
	f.resume(t, true, "2.5%")
	f.fail(t, "vip-0004") // exactly that is not more than that
	f.isHeld(t, false)
	f.fail(t, "vip-0005")
	f.isHeld(t, true)
	f.resume(t, true, "")
	f.fail(t, manyKeys(40)[6:]...)
	f.isHeld(t, false)
	f.limit(t, "100%", true)
	f.isHeld(t, false)
	f.limit(t, "33", true) // 34 failed since it went on
	f.isHeld(t, true)
}

// A limit that comes with the batch is in force from its first item.
func testLimitOfANewBatch(t *testing.T, f *ledgerFixture) {
	limited := ledger.Source{File: "havips.csv", By: "li@host", MaxFailures: "0"}
	for range 2 {
		if _, err := f.Register(t.Context(), batch, limited, []ledger.Spec{spec("a"), spec("b")}); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "limit", f.batch(t).Source, limited)
	f.fail(t, "a")
	f.begin(t, "b", terms("t1"), lifecycle.StartPaused)
}

// Resumed, the count begins anew, and stays exact when failures are tried again, whenever they were.
func testCountBeginsAnew(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b", "c", "d", "e")
	f.limit(t, "1", true)
	f.fail(t, "a", "b")
	f.resume(t, true)
	equal(t, "forgiven, counted", []int64{f.batch(t).Forgiven, f.batch(t).Counted()}, []int64{2, 0})
	f.fail(t, "c")
	f.retry(t, "a")
	equal(t, "forgiven, counted", []int64{f.batch(t).Forgiven, f.batch(t).Counted()}, []int64{1, 1})
	f.retry(t, "c")
	equal(t, "forgiven, counted", []int64{f.batch(t).Forgiven, f.batch(t).Counted()}, []int64{1, 0})
	f.begin(t, "c", terms("again"), lifecycle.StartSend)
	f.record(t, "c", 2, rejectedOutcome, lifecycle.RecordedApplied)
	f.isHeld(t, false)
	f.begin(t, "a", terms("again"), lifecycle.StartSend)
	f.record(t, "a", 2, rejectedOutcome, lifecycle.RecordedApplied) // what was forgiven counts when it fails again
	f.isHeld(t, true)
	f.record(t, "b", 1, createdOutcome, lifecycle.RecordedApplied) // a proof, late: it has not failed
	equal(t, "forgiven, counted", []int64{f.batch(t).Forgiven, f.batch(t).Counted()}, []int64{0, 2})
}

// A pause holds a batch whatever its failures are. They are counted meanwhile, and not forgiven.
func testPauseBatch(t *testing.T, f *ledgerFixture) {
	var missing *ledger.BatchNotFoundError
	for _, act := range []func() (bool, error){
		func() (bool, error) { return f.Pause(t.Context(), batch, operator) },
		func() (bool, error) { return f.Resume(t.Context(), batch, nil, operator) },
		func() (bool, error) { return f.LimitFailures(t.Context(), batch, "3", operator) },
	} {
		if _, err := act(); !errors.As(err, &missing) {
			t.Errorf("no batch: %v", err)
		}
	}
	f.register(t, "a", "b", "queued")
	f.commit(t)
	f.resume(t, false)
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pause(t, true)
	at := ledger.Millis(f.clock().UnixMilli())
	f.pass(time.Second)
	f.pause(t, false)
	equal(t, "pause", f.batch(t).Pause, &ledger.Pause{At: at, By: "li@host", Reason: "look at these"})
	f.begin(t, "queued", terms("t1"), lifecycle.StartPaused)
	f.limit(t, "0", true)
	f.record(t, "a", 1, rejectedOutcome, lifecycle.RecordedApplied)
	equal(t, "it is the person's still", f.batch(t).Pause.ByFailures(), false)
	f.resume(t, true)
	equal(t, "and now the failures'", f.batch(t).Pause.ByFailures(), true)
	f.pause(t, false)
	f.resume(t, true)
	f.isHeld(t, false)
	f.begin(t, "queued", terms("t2"), lifecycle.StartSend)
	f.record(t, "queued", 1, createdOutcome, lifecycle.RecordedApplied)
	f.cancel(t, "b")
	equal(t, "completed", f.batch(t).CompletedAt != 0, true)
}

// A held batch whose last items are canceled or end is complete: a hold is none of that.
func testPausedBatchCompletes(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.commit(t)
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pause(t, true)
	f.cancel(t, "b")
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "done", f.batch(t).Done() && f.batch(t).CompletedAt != 0, true)
	f.isHeld(t, true)
}

// Lost replies are asked for again: an act is one act, also where it holds the batch once more.
func testLineTwice(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.everyScriptTwice(t)
	f.pause(t, true)
	f.limit(t, "0", true)
	f.record(t, "a", 1, rejectedOutcome, lifecycle.RecordedSame) // the second answer
	f.resume(t, true)
	equal(t, "the failure is not forgiven", f.batch(t).Counted(), int64(1))
	f.resume(t, true)
	equal(t, "the failure is forgiven", f.batch(t).Counted(), int64(0))
	acts, err := f.Acts(t.Context(), batch, "")
	equal(t, "error", err, nil)
	var kinds []string
	for _, act := range acts {
		kinds = append(kinds, act.Kind)
	}
	equal(t, "acts", kinds, []string{"pause", "limit", "resume", "paused", "resume"})
}

// What moves while a batch is held needs a task, and nothing else does.
func testMoving(t *testing.T, f *ledgerFixture) {
	f.register(t, "queued", "doubtful", "flying", "done")
	f.sent(t, unknownOutcome, "doubtful")
	f.sent(t, createdOutcome, "done")
	f.begin(t, "flying", terms("t1"), lifecycle.StartSend)
	var items []ledger.Item
	for _, key := range []string{"queued", "doubtful", "flying", "done"} {
		items = append(items, f.item(t, key))
	}
	moving := func(want ...ledger.Item) {
		t.Helper()
		got, err := f.Running(t.Context(), batch, items)
		equal(t, "moving", got, want)
		equal(t, "error", err, nil)
	}
	moving(items...)
	f.pause(t, true)
	moving(items[1:]...)
	for i, key := range []string{"queued", "nobody"} {
		item, held, err := f.ItemAndPause(t.Context(), batch, key)
		var missing *ledger.ItemNotFoundError
		equal(t, key, []bool{held, errors.As(err, &missing), item.Key == key}, []bool{true, i == 1, i == 0})
	}
}

// Of many at once, none is begun after the failure that was one too many, and no failure is uncounted.
func testConcurrentFailures(t *testing.T, f *ledgerFixture) {
	const workers, limit = 16, 10
	keys := manyKeys(100)
	f.register(t, keys...)
	f.commit(t)
	f.limit(t, "10", true)
	var wg sync.WaitGroup
	next := make(chan string)
	for range workers {
		wg.Go(func() {
			for key := range next {
				start, err := f.Begin(t.Context(), batch, key, ledger.Known{}, terms("t1"))
				if err == nil && start.Result == lifecycle.StartSend {
					_, _, err = f.Record(t.Context(), batch, key, ledger.Known{}, 1, rejectedOutcome)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, key := range keys {
		next <- key
	}
	close(next)
	wg.Wait()
	got := f.batch(t)
	if failed := got.Failed(); failed <= limit || failed > limit+workers {
		t.Errorf("%d failed, with %d in flight at most, with limit %d", failed, workers, limit)
	}
	equal(t, "held at", got.Pause.Failed, int64(limit+1))
	equal(t, "the others are as they were", got.Counts[ledger.Queued], int64(len(keys))-got.Failed())
}
