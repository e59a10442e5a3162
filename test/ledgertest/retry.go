package ledgertest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/lifecycle"
)

// retry asks for items to be tried again as they stand.
func (f *ledgerFixture) retry(t *testing.T, keys ...string) []ledger.Commanded {
	t.Helper()
	retrials := make([]ledger.Retrial, len(keys))
	for i, key := range keys {
		retrials[i] = ledger.Retrial{Seen: f.item(t, key), Next: "next-" + key}
	}
	return f.retryOf(t, retrials...)
}

func (f *ledgerFixture) retryOf(t *testing.T, retrials ...ledger.Retrial) []ledger.Commanded {
	t.Helper()
	answers, err := f.Retry(t.Context(), batch, retrials)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func retryResults(answers []ledger.Commanded) []lifecycle.Commanded {
	vs := make([]lifecycle.Commanded, len(answers))
	for i, answer := range answers {
		vs[i] = answer.Result
	}
	return vs
}

// sent begins an attempt of each item and records the outcome.
func (f *ledgerFixture) sent(t *testing.T, o ledger.Outcome, keys ...string) {
	t.Helper()
	for _, key := range keys {
		start := f.begin(t, key, terms("t-"+o.Class), lifecycle.StartSend)
		outcome := o
		if o.HaVIPID != "" {
			outcome.HaVIPID += "-" + key
		}
		f.record(t, key, start.Item.Record.Sends, outcome, lifecycle.RecordedApplied)
	}
}

func (f *ledgerFixture) settle(t *testing.T, state ledger.State, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if result, _, err := f.Settle(t.Context(), batch, key, state, "Settled", "by a test"); err != nil || result != lifecycle.SettledApplied {
			t.Fatalf("settle %s: %s, %v", key, result, err)
		}
	}
}

func (f *ledgerFixture) commit(t *testing.T) {
	t.Helper()
	if err := f.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// A rejected item provably created nothing: it begins anew under its next token, and the batch is
// not done any more.
func testRetryRejected(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.commit(t)
	f.sent(t, rejectedOutcome, "a")
	equal(t, "done", f.batch(t).Done() && f.batch(t).CompletedAt != 0, true)
	equal(t, "active when done", f.active(t), []string(nil))
	seen := f.item(t, "a")
	f.pass(30 * time.Hour)

	answer := f.retry(t, "a")[0]
	equal(t, "result", answer.Result, lifecycle.CommandApplied)
	equal(t, "what Retry answered is what stands", answer.Item, f.item(t, "a"))
	want := ledger.Record{
		State: ledger.Queued, Generation: 2, ClientToken: "next-a", Fingerprint: "fp-a", Sends: 1, Attempts: 1,
		RegisteredAt: seen.Record.RegisteredAt, LastSentAt: seen.Record.LastSentAt, UpdatedAt: ledger.Millis(f.clock().UnixMilli()),
	}
	equal(t, "record", answer.Item.Record, want)
	got := f.batch(t)
	equal(t, "counts", got.Counts, map[ledger.State]int64{ledger.Queued: 1})
	equal(t, "done, completed", got.Done() || got.CompletedAt != 0, false)
	equal(t, "active", f.active(t), []string{batch})
	equal(t, "a producer is told that its task is missing", f.register(t, "a"), []lifecycle.Registered{lifecycle.RegisteredRepair})

	equal(t, "repeated", retryResults(f.retryOf(t, ledger.Retrial{Seen: seen, Next: "next-a"})), []lifecycle.Commanded{lifecycle.CommandSame})
	equal(t, "the record after repeating", f.item(t, "a").Record, want)
	o := terms("t2")
	o.ClientToken = "token-a"
	f.begin(t, "a", o, lifecycle.StartForeign)
	// A person's command is no news of what exists: what was not heard of for longer than a token lives, in a
	// ledger that may be an old one, is looked for first.
	o.ClientToken = ""
	f.begin(t, "a", o, lifecycle.StartIdle)
	o.LookedUp = true
	f.begin(t, "a", o, lifecycle.StartSend)
	f.record(t, "a", 2, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "done again", f.batch(t).Done() && f.batch(t).CompletedAt != 0, true)
	equal(t, "log", len(f.attempts(t, "a")), 2)
}

// An item that was never sent needs no other token.
func testRetryCanceled(t *testing.T, f *ledgerFixture) {
	f.register(t, "unsent", "refused")
	f.sent(t, throttledOutcome, "refused")
	f.settle(t, ledger.Canceled, "unsent", "refused")
	f.retry(t, "unsent", "refused")
	for key, want := range map[string]string{"unsent": "token-unsent", "refused": "next-refused"} {
		rec := f.item(t, key).Record
		equal(t, key, []string{string(rec.State), rec.ClientToken, rec.Code}, []string{"queued", want, ""})
	}
	equal(t, "generation", f.item(t, "unsent").Record.Generation, 1)
}

// What a person was asked to look at is looked for afresh, under the token it has, before anything is
// sent; and so is an item of which it is not certain that it created nothing.
func testRetryLooksFirst(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "doubtful", "interrupted")
	f.sent(t, mismatchOutcome, "a")
	f.settle(t, ledger.Review, "a")
	f.begin(t, "doubtful", terms("t1"), lifecycle.StartSend)
	f.pass(time.Minute)
	f.begin(t, "doubtful", over(terms("t2"), "t1"), lifecycle.StartSend)
	f.record(t, "doubtful", 2, rejectedOutcome, lifecycle.RecordedApplied)
	f.begin(t, "interrupted", terms("t1"), lifecycle.StartSend)
	f.release(t, "interrupted", call, lifecycle.ReleasedApplied)
	f.settle(t, ledger.Canceled, "interrupted")
	equal(t, "log", f.attempts(t, "interrupted")[0].Class, "interrupted")

	sentAt := map[string]ledger.Millis{}
	for _, key := range []string{"a", "doubtful", "interrupted"} {
		sentAt[key] = f.item(t, key).Record.FirstSentAt
		equal(t, key, retryResults(f.retry(t, key)), []lifecycle.Commanded{lifecycle.CommandApplied})
	}
	for key, code := range map[string]string{"a": "IdempotentParameterMismatch", "doubtful": "PrivateIpInUseException", "interrupted": ""} {
		rec := f.item(t, key).Record
		equal(t, key+": state, token, code", []string{string(rec.State), rec.ClientToken, rec.Code}, []string{"unknown", "token-" + key, code})
		equal(t, key+": outcome unknown, looked up, no task", []bool{rec.Unknown, rec.Lookup, rec.EnqueuedAt == 0}, []bool{true, true, true})
		equal(t, key+": first sent", rec.FirstSentAt, sentAt[key])
		f.begin(t, key, terms("t9"), lifecycle.StartLookup)
	}
	f.adopt(t, "a", "token-a", "havip-1", "10.0.0.1", lifecycle.FoundApplied)
}

// Nothing is done to an item that is under way, has its HaVIP, or has changed since it was seen.
func testRetryLeavesAlone(t *testing.T, f *ledgerFixture) {
	keys := []string{"queued", "waiting", "unknown", "sending", "created", "deleted"}
	f.deleted(t, "deleted")
	f.register(t, append(keys, "changed", "gone")...)
	f.sent(t, throttledOutcome, "waiting")
	f.sent(t, unknownOutcome, "unknown")
	f.begin(t, "sending", terms("t1"), lifecycle.StartSend)
	f.sent(t, createdOutcome, "created")
	f.sent(t, rejectedOutcome, "changed")
	stale := f.item(t, "changed")
	f.retry(t, "changed")
	f.sent(t, rejectedOutcome, "changed")
	nobody := ledger.Item{Batch: batch, Spec: spec("nobody")}

	before := map[string]ledger.Record{}
	for _, key := range append(keys, "changed") {
		before[key] = f.item(t, key).Record
	}
	f.pass(time.Hour)
	equal(t, "results", retryResults(f.retry(t, keys...)), []lifecycle.Commanded{
		lifecycle.CommandSame, lifecycle.CommandSame, lifecycle.CommandSame, lifecycle.CommandBusy, lifecycle.CommandFinished, lifecycle.CommandFinished,
	})
	answers := f.retryOf(t, ledger.Retrial{Seen: stale, Next: "next-changed"}, ledger.Retrial{Seen: nobody})
	equal(t, "stale, absent", retryResults(answers), []lifecycle.Commanded{lifecycle.CommandLate, lifecycle.CommandAbsent})
	for key, rec := range before {
		equal(t, key, f.item(t, key).Record, rec)
	}
}

// What a dry run tells is what is done.
func testRetryWays(t *testing.T, f *ledgerFixture) {
	keys := []string{"queued", "waiting", "unknown", "sending", "created", "rejected", "review", "unsent", "refused", "deleted"}
	f.deleted(t, "deleted")
	f.register(t, keys...)
	f.sent(t, throttledOutcome, "waiting", "refused")
	f.sent(t, unknownOutcome, "unknown", "review")
	f.begin(t, "sending", terms("t1"), lifecycle.StartSend)
	f.sent(t, createdOutcome, "created")
	f.sent(t, rejectedOutcome, "rejected")
	f.settle(t, ledger.Review, "review")
	f.settle(t, ledger.Canceled, "unsent", "refused")
	for _, key := range keys {
		seen := f.item(t, key).Record
		way, why := seen.RetryAction()
		answer := f.retry(t, key)[0]
		rec, want := answer.Item.Record, lifecycle.RetryNone
		switch {
		case answer.Result == lifecycle.CommandSame:
			want = lifecycle.RetryRunNow
		case answer.Result != lifecycle.CommandApplied:
		case rec.Lookup:
			want = lifecycle.RetryLookUpFirst
		case rec.Generation > seen.Generation:
			want = lifecycle.RetryNewToken
		default:
			want = lifecycle.RetryRestart
		}
		equal(t, "way of "+key, way, want)
		equal(t, "why not "+key, why != "", want == lifecycle.RetryNone)
	}
}

// Of many that ask at once, one lets the item go on, by one token.
func testConcurrentRetry(t *testing.T, f *ledgerFixture) {
	keys := manyKeys(220) // more than one script call changes
	f.register(t, keys...)
	f.sent(t, rejectedOutcome, keys...)
	retrials := make([]ledger.Retrial, len(keys))
	for i, key := range keys {
		retrials[i] = ledger.Retrial{Seen: f.item(t, key), Next: "next-" + key}
	}
	const callers = 4
	applied := make([]int, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			answers, err := f.Retry(t.Context(), batch, retrials)
			if err != nil {
				t.Error(err)
			}
			for _, answer := range answers {
				if answer.Result == lifecycle.CommandApplied {
					applied[i]++
				} else if answer.Result != lifecycle.CommandSame {
					t.Errorf("result %s", answer.Result)
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range applied {
		total += n
	}
	equal(t, "applied", total, len(keys))
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{ledger.Queued: int64(len(keys))})
}

// Acts stand among the events, once each, and stay when those are forgotten.
func testActs(t *testing.T, f *ledgerFixture) {
	var missing *ledger.BatchNotFoundError
	if err := f.Note(t.Context(), batch, ledger.Act{Kind: "retry"}); !errors.As(err, &missing) {
		t.Errorf("no batch: %v", err)
	}
	f.register(t, "a")
	f.everyScriptTwice(t)
	at := ledger.Millis(f.clock().UnixMilli())
	for _, act := range []ledger.Act{
		{Kind: "retry", By: "li@host", Reason: "子网 is bigger now", Items: 120, Detail: "state=rejected"},
		{Kind: "retry-done", By: "li@host", Items: 119},
	} {
		if err := f.Note(t.Context(), batch, act); err != nil {
			t.Fatal(err)
		}
	}
	want := []ledger.Event{
		{Kind: "retry", At: at, By: "li@host", Reason: "子网 is bigger now", Items: 120, Detail: "state=rejected"},
		{Kind: "retry-done", At: at, By: "li@host", Items: 119},
	}
	events := f.events(t)
	for i := range min(len(want), len(events)-1) {
		want[i].ID = events[1+i].ID
	}
	equal(t, "events", events[1:], want)
	if err := f.rdb.XTrimMaxLen(t.Context(), "havip:{"+batch+"}:events", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for before, acts := range map[string][]ledger.Event{
		"": want, want[1].ID: want[:1], want[0].ID: nil, "9" + want[0].ID: want, "1-0": nil,
	} {
		got, err := f.Acts(t.Context(), batch, before)
		equal(t, "acts before "+before, got, acts)
		equal(t, "error", err, nil)
	}
}

// everyScriptTwice sends scripts twice until the test ends, as a client does that lost the first
// reply.
func (f *ledgerFixture) everyScriptTwice(t *testing.T) {
	t.Helper()
	hook := &twice{}
	hook.on.Store(true)
	t.Cleanup(func() { hook.on.Store(false) }) // the client may be another test's next
	f.rdb.AddHook(hook)
}

type twice struct{ on atomic.Bool }

func (*twice) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *twice) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if h.on.Load() && strings.HasPrefix(cmd.Name(), "eval") {
			cmd.SetErr(nil)
			err = next(ctx, cmd)
		}
		return err
	}
}

func (*twice) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
