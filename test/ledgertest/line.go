package ledgertest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"havip/ledger"
)

// operator is who acts on the line.
var operator = ledger.Act{By: "li@host", Reason: "look at these"}

func (b *bench) limit(t *testing.T, limit ledger.FailureLimit, want bool) {
	t.Helper()
	changed, err := b.LimitFailures(t.Context(), batch, limit, operator)
	equal(t, "another limit", changed, want)
	equal(t, "error", err, nil)
}

func (b *bench) pause(t *testing.T, want bool) {
	t.Helper()
	changed, err := b.Pause(t.Context(), batch, operator)
	equal(t, "paused", changed, want)
	equal(t, "error", err, nil)
}

// resume is under the limit that stands, unless another is given.
func (b *bench) resume(t *testing.T, want bool, limits ...ledger.FailureLimit) {
	t.Helper()
	var limit *ledger.FailureLimit
	if len(limits) > 0 {
		limit = &limits[0]
	}
	changed, err := b.Resume(t.Context(), batch, limit, operator)
	equal(t, "resumed", changed, want)
	equal(t, "error", err, nil)
}

func (b *bench) isHeld(t *testing.T, want bool) {
	t.Helper()
	held, err := b.IsHeld(t.Context(), batch)
	equal(t, "held", held, want)
	equal(t, "error", err, nil)
	equal(t, "the batch says so", b.batch(t).Hold != nil, want)
}

// fail has the items rejected.
func (b *bench) fail(t *testing.T, keys ...string) {
	t.Helper()
	b.sent(t, rejectedOutcome, keys...)
}

// With the failure that is one too many, nothing is begun any more but what is in doubt.
func testFailuresHold(t *testing.T, b *bench) {
	b.register(t, "a", "b", "c", "queued", "waiting", "not sent", "doubtful", "absent", "flying")
	b.limit(t, "2", true)
	b.sent(t, throttledOutcome, "waiting")
	b.sent(t, notSentOutcome, "not sent")
	b.sent(t, unknownOutcome, "doubtful", "absent")
	b.begin(t, "flying", terms("t1"), ledger.Begun)
	b.fail(t, "a")
	b.settle(t, ledger.Review, "b")
	b.isHeld(t, false)
	b.fail(t, "c")
	b.isHeld(t, true)
	at := ledger.Millis(b.clock().UnixMilli())
	equal(t, "hold", b.batch(t).Hold, &ledger.Hold{At: at, Limit: "2", Failed: 3, Total: 9})
	for _, key := range []string{"queued", "waiting", "not sent"} {
		before := b.item(t, key)
		start := b.begin(t, key, terms("t9"), ledger.OnHold)
		equal(t, key+" is as it was", []ledger.Item{start.Item, b.item(t, key)}, []ledger.Item{before, before})
	}
	b.begin(t, "flying", terms("t1"), ledger.Begun) // its reply was lost
	b.record(t, "flying", 1, createdOutcome, ledger.Applied)
	b.begin(t, "doubtful", terms("t2"), ledger.Begun)
	b.record(t, "doubtful", 2, rejectedOutcome, ledger.Applied)
	b.renew(t, "absent", "token-absent", "next", ledger.Applied)
	b.begin(t, "absent", terms("t3"), ledger.OnHold) // it provably did nothing
	b.begin(t, "a", terms("t2"), ledger.Finished)
	b.pass(48 * time.Hour)
	b.begin(t, "waiting", terms("t9"), ledger.OnHold) // neither idle nor exhausted
	acts, err := b.Acts(t.Context(), batch, "")
	equal(t, "error", err, nil)
	equal(t, "told", acts[len(acts)-1].Detail, "3 of 9 items failed, and more than 2 are not wanted")
}

// The first failure of a batch that may have none; and a percentage, which is of a whole batch.
func testFailureLimits(t *testing.T, b *bench) {
	b.register(t, manyKeys(40)...)
	b.limit(t, "5%", true)
	b.limit(t, "5%", false)
	b.fail(t, manyKeys(2)...)
	b.isHeld(t, false)
	b.fail(t, "vip-0002")
	b.isHeld(t, false) // of 40 it would be too many, and more may come
	b.commit(t)
	b.isHeld(t, true)
	b.resume(t, true, "0")
	b.isHeld(t, false)
	b.fail(t, "vip-0003")
	equal(t, "failed since", b.batch(t).Hold.Failed, int64(1))
	b.resume(t, true, "2.5%")
	b.fail(t, "vip-0004") // exactly that is not more than that
	b.isHeld(t, false)
	b.fail(t, "vip-0005")
	b.isHeld(t, true)
	b.resume(t, true, "")
	b.fail(t, manyKeys(40)[6:]...)
	b.isHeld(t, false)
	b.limit(t, "100%", true)
	b.isHeld(t, false)
	b.limit(t, "33", true) // 34 failed since it went on
	b.isHeld(t, true)
}

// A limit that comes with the batch is in force from its first item.
func testLimitOfANewBatch(t *testing.T, b *bench) {
	limited := ledger.Source{File: "havips.csv", By: "li@host", MaxFailures: "0"}
	for range 2 {
		if _, err := b.Register(t.Context(), batch, limited, []ledger.Spec{spec("a"), spec("b")}); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "limit", b.batch(t).Source, limited)
	b.fail(t, "a")
	b.begin(t, "b", terms("t1"), ledger.OnHold)
}

// Resumed, the count begins anew, and stays exact when failures are tried again, whenever they were.
func testCountBeginsAnew(t *testing.T, b *bench) {
	b.register(t, "a", "b", "c", "d", "e")
	b.limit(t, "1", true)
	b.fail(t, "a", "b")
	b.resume(t, true)
	equal(t, "forgiven, counted", []int64{b.batch(t).Forgiven, b.batch(t).Counted()}, []int64{2, 0})
	b.fail(t, "c")
	b.retry(t, "a")
	equal(t, "forgiven, counted", []int64{b.batch(t).Forgiven, b.batch(t).Counted()}, []int64{1, 1})
	b.retry(t, "c")
	equal(t, "forgiven, counted", []int64{b.batch(t).Forgiven, b.batch(t).Counted()}, []int64{1, 0})
	b.begin(t, "c", terms("again"), ledger.Begun)
	b.record(t, "c", 2, rejectedOutcome, ledger.Applied)
	b.isHeld(t, false)
	b.begin(t, "a", terms("again"), ledger.Begun)
	b.record(t, "a", 2, rejectedOutcome, ledger.Applied) // what was forgiven counts when it fails again
	b.isHeld(t, true)
	b.record(t, "b", 1, createdOutcome, ledger.Applied) // a proof, late: it has not failed
	equal(t, "forgiven, counted", []int64{b.batch(t).Forgiven, b.batch(t).Counted()}, []int64{0, 2})
}

// A pause holds a batch whatever its failures are. They are counted meanwhile, and not forgiven.
func testPauseBatch(t *testing.T, b *bench) {
	var missing *ledger.BatchNotFoundError
	for _, act := range []func() (bool, error){
		func() (bool, error) { return b.Pause(t.Context(), batch, operator) },
		func() (bool, error) { return b.Resume(t.Context(), batch, nil, operator) },
		func() (bool, error) { return b.LimitFailures(t.Context(), batch, "3", operator) },
	} {
		if _, err := act(); !errors.As(err, &missing) {
			t.Errorf("no batch: %v", err)
		}
	}
	b.register(t, "a", "b", "queued")
	b.commit(t)
	b.resume(t, false)
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pause(t, true)
	at := ledger.Millis(b.clock().UnixMilli())
	b.pass(time.Second)
	b.pause(t, false)
	equal(t, "hold", b.batch(t).Hold, &ledger.Hold{At: at, By: "li@host", Reason: "look at these"})
	b.begin(t, "queued", terms("t1"), ledger.OnHold)
	b.limit(t, "0", true)
	b.record(t, "a", 1, rejectedOutcome, ledger.Applied)
	equal(t, "it is the person's still", b.batch(t).Hold.ByFailures(), false)
	b.resume(t, true)
	equal(t, "and now the failures'", b.batch(t).Hold.ByFailures(), true)
	b.pause(t, false)
	b.resume(t, true)
	b.isHeld(t, false)
	b.begin(t, "queued", terms("t2"), ledger.Begun)
	b.record(t, "queued", 1, createdOutcome, ledger.Applied)
	b.cancel(t, "b")
	equal(t, "completed", b.batch(t).CompletedAt != 0, true)
}

// A held batch whose last items are canceled or end is complete: a hold is none of that.
func testHeldBatchCompletes(t *testing.T, b *bench) {
	b.register(t, "a", "b")
	b.commit(t)
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pause(t, true)
	b.cancel(t, "b")
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "done", b.batch(t).Done() && b.batch(t).CompletedAt != 0, true)
	b.isHeld(t, true)
}

// Lost replies are asked for again: an act is one act, also where it holds the batch once more.
func testLineTwice(t *testing.T, b *bench) {
	b.register(t, "a", "b")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.everyScriptTwice(t)
	b.pause(t, true)
	b.limit(t, "0", true)
	b.record(t, "a", 1, rejectedOutcome, ledger.Same) // the second answer
	b.resume(t, true)
	equal(t, "the failure is not forgiven", b.batch(t).Counted(), int64(1))
	b.resume(t, true)
	equal(t, "the failure is forgiven", b.batch(t).Counted(), int64(0))
	acts, err := b.Acts(t.Context(), batch, "")
	equal(t, "error", err, nil)
	var kinds []string
	for _, act := range acts {
		kinds = append(kinds, act.Kind)
	}
	equal(t, "acts", kinds, []string{"pause", "limit", "resume", "held", "resume"})
}

// What moves while a batch is held needs a task, and nothing else does.
func testMoving(t *testing.T, b *bench) {
	b.register(t, "queued", "doubtful", "flying", "done")
	b.sent(t, unknownOutcome, "doubtful")
	b.sent(t, createdOutcome, "done")
	b.begin(t, "flying", terms("t1"), ledger.Begun)
	var items []ledger.Item
	for _, key := range []string{"queued", "doubtful", "flying", "done"} {
		items = append(items, b.item(t, key))
	}
	moving := func(want ...ledger.Item) {
		t.Helper()
		got, err := b.Moving(t.Context(), batch, items)
		equal(t, "moving", got, want)
		equal(t, "error", err, nil)
	}
	moving(items...)
	b.pause(t, true)
	moving(items[1:]...)
	for i, key := range []string{"queued", "nobody"} {
		item, held, err := b.Standing(t.Context(), batch, key)
		var missing *ledger.ItemNotFoundError
		equal(t, key, []bool{held, errors.As(err, &missing), item.Key == key}, []bool{true, i == 1, i == 0})
	}
}

// Of many at once, none is begun after the failure that was one too many, and no failure is uncounted.
func testConcurrentFailures(t *testing.T, b *bench) {
	const workers, limit = 16, 10
	keys := manyKeys(100)
	b.register(t, keys...)
	b.commit(t)
	b.limit(t, "10", true)
	var wg sync.WaitGroup
	next := make(chan string)
	for range workers {
		wg.Go(func() {
			for key := range next {
				start, err := b.Begin(t.Context(), batch, key, terms("t1"))
				if err == nil && start.Verdict == ledger.Begun {
					_, _, err = b.Record(t.Context(), batch, key, 1, rejectedOutcome)
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
	got := b.batch(t)
	if failed := got.Failed(); failed <= limit || failed > limit+workers {
		t.Errorf("%d failed, with %d in flight at most, where more than %d were not wanted", failed, workers, limit)
	}
	equal(t, "held at", got.Hold.Failed, int64(limit+1))
	equal(t, "the others are as they were", got.Counts[ledger.Queued], int64(len(keys))-got.Failed())
}
