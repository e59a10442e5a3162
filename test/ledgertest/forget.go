package ledgertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
)

func (f *ledgerFixture) forget(t *testing.T, incomplete bool, want ledger.Verdict) {
	t.Helper()
	forgetting := ledger.Forgetting{By: "li@host", Reason: "done with", Incomplete: incomplete}
	if verdict, err := f.Forget(t.Context(), batch, forgetting); err != nil || verdict != want {
		t.Fatalf("forget: %s, %v, want %s", verdict, err, want)
	}
}

// Only what has ended is forgotten, and then nothing is left but how far its clientTokens came.
func testForget(t *testing.T, f *ledgerFixture) {
	f.forget(t, true, ledger.Absent)
	f.register(t, "a", "b")
	f.sent(t, createdOutcome, "a")
	f.forget(t, true, ledger.Busy)
	f.sent(t, rejectedOutcome, "b")
	f.forget(t, false, ledger.Incomplete)
	f.commit(t)
	f.pass(time.Hour)
	f.forget(t, false, ledger.Applied)
	f.forget(t, false, ledger.Absent)

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
	f.forget(t, false, ledger.Applied)
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
	f.forget(t, false, ledger.Applied)

	equal(t, "registered", f.register(t, "b"), []ledger.Verdict{ledger.Added})
	rec := f.item(t, "b").Record
	equal(t, "generation, spent, past", []any{rec.Generation, rec.TokenUsed, rec.ForgottenGeneration}, []any{2, true, 2})
	past, err := f.ForgottenGeneration(t.Context(), batch)
	equal(t, "past", []any{past, err, f.batch(t).ForgottenGeneration}, []any{2, nil, 2})
	f.begin(t, "b", terms("t1"), ledger.TokenUsed)
	f.adopt(t, "b", "token-b", "havip-of-before", "", ledger.Foreign)
	if verdict, _, err := f.Renew(t.Context(), batch, "b", rec, "token-b-3", "spent"); err != nil || verdict != ledger.Applied {
		t.Fatalf("renew: %s, %v", verdict, err)
	}
	start := f.begin(t, "b", terms("t1"), ledger.Begun)
	equal(t, "token", start.Item.ClientToken, "token-b-3")

	belated := createdOutcome
	belated.Generation = 2
	f.record(t, "b", 1, belated, ledger.Gone)
	equal(t, "after a belated answer", f.item(t, "b").Record.State, ledger.Sending)
	fresh := createdOutcome
	fresh.Generation, fresh.HaVIPID = 3, "havip-2-b"
	f.record(t, "b", 1, fresh, ledger.Applied)
}

// A task that was put in before registers nothing.
func testLeftoverTask(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.cancel(t, "a")
	f.commit(t)
	f.forget(t, false, ledger.Applied)
	leftover := ledger.Source{Whole: true, Task: true}
	for range 2 { // alone, and beside a new batch of the name
		answers, err := f.Register(t.Context(), batch, leftover, []ledger.Spec{spec("a")})
		equal(t, "leftover", []any{verdicts(answers), err}, []any{[]ledger.Verdict{ledger.Gone}, nil})
		f.register(t, "b")
	}
	equal(t, "total", f.batch(t).Total, int64(1))
}
