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

func (b *bench) forget(t *testing.T, incomplete bool, want ledger.Verdict) {
	t.Helper()
	f := ledger.Forgetting{By: "li@host", Reason: "done with", Incomplete: incomplete}
	if verdict, err := b.Forget(t.Context(), batch, f); err != nil || verdict != want {
		t.Fatalf("forget: %s, %v, want %s", verdict, err, want)
	}
}

// Only what has ended is forgotten, and then nothing is left but how far its clientTokens came.
func testForget(t *testing.T, b *bench) {
	b.forget(t, true, ledger.Absent)
	b.register(t, "a", "b")
	b.sent(t, createdOutcome, "a")
	b.forget(t, true, ledger.Busy)
	b.sent(t, rejectedOutcome, "b")
	b.forget(t, false, ledger.Incomplete)
	b.commit(t)
	b.pass(time.Hour)
	b.forget(t, false, ledger.Applied)
	b.forget(t, false, ledger.Absent)

	var missing *ledger.BatchNotFoundError
	if _, err := b.Batch(t.Context(), batch); !errors.As(err, &missing) {
		t.Fatal(err)
	}
	equal(t, "who forgot it", *missing, ledger.BatchNotFoundError{
		Batch: batch, ForgottenAt: ledger.Millis(b.clock().UnixMilli()), By: "li@host", Reason: "done with",
	})
	batches, err := b.Batches(t.Context())
	equal(t, "batches", []any{len(batches), err}, []any{0, nil})
	keys, err := b.rdb.Keys(t.Context(), "havip:{"+batch+"}:*").Result()
	equal(t, "keys", []any{keys, err}, []any{[]string{"havip:{" + batch + "}:batch"}, nil})
}

// meanwhile is a hook that does something just before the first command of its kind.
type meanwhile struct {
	kind string
	do   func()
	once sync.Once
}

func (*meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
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
func testRegisterWhileForgetting(t *testing.T, b *bench) {
	b.register(t, "a")
	b.sent(t, rejectedOutcome, "a")
	b.commit(t)
	b.rdb.AddHook(&meanwhile{kind: "zrem", do: func() { b.register(t, "b") }})
	b.forget(t, false, ledger.Applied)
	batches, err := b.Batches(t.Context())
	equal(t, "batches", []any{len(batches), err}, []any{1, nil})
}

// An item of the same name begins after every clientToken that was used before.
func testRegisterAfterForget(t *testing.T, b *bench) {
	b.register(t, "a", "b")
	b.sent(t, rejectedOutcome, "a")
	b.retry(t, "a") // its second generation
	b.sent(t, createdOutcome, "a", "b")
	b.commit(t)
	b.forget(t, false, ledger.Applied)

	equal(t, "registered", b.register(t, "b"), []ledger.Verdict{ledger.Added})
	rec := b.item(t, "b").Record
	equal(t, "generation, spent, past", []any{rec.Generation, rec.Spent, rec.Past}, []any{2, true, 2})
	past, err := b.Past(t.Context(), batch)
	equal(t, "past", []any{past, err, b.batch(t).Past}, []any{2, nil, 2})
	b.begin(t, "b", terms("t1"), ledger.Spent)
	b.adopt(t, "b", "token-b", "havip-of-before", "", ledger.Foreign)
	if verdict, _, err := b.Renew(t.Context(), batch, "b", rec, "token-b-3", "spent"); err != nil || verdict != ledger.Applied {
		t.Fatalf("renew: %s, %v", verdict, err)
	}
	start := b.begin(t, "b", terms("t1"), ledger.Begun)
	equal(t, "token", start.Item.ClientToken, "token-b-3")

	belated := createdOutcome
	belated.Generation = 2
	b.record(t, "b", 1, belated, ledger.Gone)
	equal(t, "after a belated answer", b.item(t, "b").Record.State, ledger.Sending)
	fresh := createdOutcome
	fresh.Generation, fresh.HaVIPID = 3, "havip-2-b"
	b.record(t, "b", 1, fresh, ledger.Applied)
}

// A task that was put in before registers nothing.
func testLeftoverTask(t *testing.T, b *bench) {
	b.register(t, "a")
	b.cancel(t, "a")
	b.commit(t)
	b.forget(t, false, ledger.Applied)
	leftover := ledger.Source{Whole: true, Task: true}
	for range 2 { // alone, and beside a new batch of the name
		answers, err := b.Register(t.Context(), batch, leftover, []ledger.Spec{spec("a")})
		equal(t, "leftover", []any{verdicts(answers), err}, []any{[]ledger.Verdict{ledger.Gone}, nil})
		b.register(t, "b")
	}
	equal(t, "total", b.batch(t).Total, int64(1))
}
