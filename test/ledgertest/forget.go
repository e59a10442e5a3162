package ledgertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/lifecycle"
)

func (f *ledgerFixture) forget(t *testing.T, incomplete bool, want ledger.Forgotten) {
	t.Helper()
	forgetting := ledger.Forgetting{By: "li@host", Reason: "done with", Incomplete: incomplete}
	if result, err := f.Forget(t.Context(), batch, forgetting); err != nil || result != want {
		t.Fatalf("forget: %s, %v, want %s", result, err, want)
	}
}

// Only what has ended is forgotten, and then nothing is left but how far its clientTokens came.
func testForget(t *testing.T, f *ledgerFixture) {
	f.forget(t, true, ledger.ForgottenAbsent)
	f.register(t, "a", "b")
	f.sent(t, createdOutcome, "a")
	f.forget(t, true, ledger.ForgottenBusy)
	f.sent(t, rejectedOutcome, "b")
	f.forget(t, false, ledger.ForgottenIncomplete)
	f.commit(t)
	f.pass(time.Hour)
	f.forget(t, false, ledger.ForgottenNow)
	f.forget(t, false, ledger.ForgottenAbsent)

	var missing *ledger.BatchNotFoundError
	if _, err := f.Batch(t.Context(), batch); !errors.As(err, &missing) {
		t.Fatal(err)
	}
	equal(t, "who forgot it", *missing, ledger.BatchNotFoundError{
		Batch: batch, ForgottenAt: ledger.Millis(f.clock().UnixMilli()), By: "li@host", Reason: "done with",
	})
	batches, err := f.Batches(t.Context())
	equal(t, "batches", []any{len(batches), err}, []any{0, nil})
	keys, err := f.rdb.Keys(t.Context(), "havip:{"+batch+"}:*").Result()
	equal(t, "keys", []any{keys, err}, []any{[]string{"havip:{" + batch + "}:batch"}, nil})
}

// meanwhile is a hook that does something just before the first command of its kind.
type meanwhile struct {
	kind string
	do   func()
	once sync.Once
}

func (*meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m *meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == m.kind {
			m.once.Do(m.do)
		}
		return next(ctx, cmds)
	}
}

func (m *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == m.kind {
			m.once.Do(m.do)
		}
		return next(ctx, cmd)
	}
}

// A batch that is registered in the moment in which it is forgotten is listed.
func testRegisterWhileForgetting(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.sent(t, rejectedOutcome, "a")
	f.commit(t)
	f.rdb.AddHook(&meanwhile{kind: "zrem", do: func() { f.register(t, "b") }})
	f.forget(t, false, ledger.ForgottenNow)
	batches, err := f.Batches(t.Context())
	equal(t, "batches", []any{len(batches), err}, []any{1, nil})
}

// An item of the same name begins after every clientToken that was used before.
func testRegisterAfterForget(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.sent(t, rejectedOutcome, "a")
	f.retry(t, "a") // its second generation
	f.sent(t, createdOutcome, "a", "b")
	f.commit(t)
	f.forget(t, false, ledger.ForgottenNow)

	equal(t, "registered", f.register(t, "b"), []lifecycle.Registered{lifecycle.RegisteredNew})
	rec := f.item(t, "b").Record
	equal(t, "generation, spent, past", []any{rec.Generation, rec.TokenUsed, rec.ForgottenGeneration}, []any{2, true, 2})
	past, err := f.ForgottenGeneration(t.Context(), batch)
	equal(t, "past", []any{past, err, f.batch(t).ForgottenGeneration}, []any{2, nil, 2})
	f.begin(t, "b", terms("t1"), lifecycle.StartTokenUsed)
	f.adopt(t, "b", "token-b", "havip-of-before", "", lifecycle.FoundForeign)
	if result, _, err := f.Renew(t.Context(), batch, "b", rec, "token-b-3", "spent"); err != nil || result != lifecycle.FoundApplied {
		t.Fatalf("renew: %s, %v", result, err)
	}
	start := f.begin(t, "b", terms("t1"), lifecycle.StartSend)
	equal(t, "token", start.Item.ClientToken, "token-b-3")

	belated := createdOutcome
	belated.Generation = 2
	f.record(t, "b", 1, belated, lifecycle.RecordedGone)
	equal(t, "after a belated answer", f.item(t, "b").Record.State, ledger.Sending)
	fresh := createdOutcome
	fresh.Generation, fresh.HaVIPID = 3, "havip-2-b"
	f.record(t, "b", 1, fresh, lifecycle.RecordedApplied)
}

// A task that was put in before registers nothing.
func testLeftoverTask(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.cancel(t, "a")
	f.commit(t)
	f.forget(t, false, ledger.ForgottenNow)
	leftover := ledger.Source{Whole: true, Task: true}
	for range 2 { // alone, and beside a new batch of the name
		answers, err := f.Register(t.Context(), batch, leftover, []ledger.Spec{spec("a")})
		equal(t, "leftover", []any{results(answers), err}, []any{[]lifecycle.Registered{lifecycle.RegisteredGone}, nil})
		f.register(t, "b")
	}
	equal(t, "total", f.batch(t).Total, int64(1))
}
