package ledgertest

import (
	"errors"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// A batch that nobody but tasks makes is whole with each of them, however their workers end; one that a
// producer is not through with stays the producer's to commit.
func testWhole(t *testing.T, f *ledgerFixture) {
	whole := func(key string) {
		t.Helper()
		if _, err := f.Register(t.Context(), batch, ledger.Source{By: "tasks", Whole: true}, []ledger.Spec{spec(key)}); err != nil {
			t.Fatal(err)
		}
	}
	whole("a")
	equal(t, "committed", f.batch(t).CommittedAt != 0, true)
	f.sent(t, createdOutcome, "a")
	equal(t, "completed", f.batch(t).CompletedAt != 0, true)
	whole("b")
	equal(t, "committed and not completed", f.batch(t).CommittedAt != 0 && f.batch(t).CompletedAt == 0, true)
	f.register(t, "c")
	whole("d")
	equal(t, "while its producer is not through", f.batch(t).CommittedAt, ledger.Millis(0))
}

func testRegister(t *testing.T, f *ledgerFixture) {
	equal(t, "first", f.register(t, "a", "b"), []lifecycle.Registered{lifecycle.RegisteredNew, lifecycle.RegisteredNew})
	equal(t, "before the tasks are known", f.register(t, "a", "b"), []lifecycle.Registered{lifecycle.RegisteredRepair, lifecycle.RegisteredRepair})
	if err := f.MarkEnqueued(t.Context(), batch, []string{"a", "nobody"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "after a's is", f.register(t, "a", "b", "c"), []lifecycle.Registered{lifecycle.RegisteredSame, lifecycle.RegisteredRepair, lifecycle.RegisteredNew})

	changed := spec("a")
	changed.Fingerprint, changed.Body, changed.Line = "other", `{"name":"z"}`, 9
	answers, err := f.Register(t.Context(), batch, source, []ledger.Spec{changed})
	if err != nil {
		t.Fatal(err)
	}
	if answers[0].Result != lifecycle.RegisteredConflict || answers[0].Existing == nil || answers[0].Existing.Body != spec("a").Body {
		t.Errorf("changed request: got %+v, want a conflict that shows what stands", answers[0])
	}
	item := f.item(t, "a")
	equal(t, "what stands after a conflict", item.Spec, spec("a"))
	equal(t, "state", item.Record.State, ledger.Queued)
	equal(t, "generation", item.Record.Generation, 1)

	moved := spec("b")
	moved.Line = 77
	answers, err = f.Register(t.Context(), batch, source, []ledger.Spec{moved})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the same request on another line", results(answers), []lifecycle.Registered{lifecycle.RegisteredRepair})
}

func testCompare(t *testing.T, f *ledgerFixture) {
	other := spec("b")
	other.Fingerprint = "other"
	specs := []ledger.Spec{spec("a"), other, spec("c"), spec("d")}
	answers, err := f.Compare(t.Context(), batch, specs)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "nothing there", results(answers), []lifecycle.Registered{lifecycle.RegisteredNew, lifecycle.RegisteredNew, lifecycle.RegisteredNew, lifecycle.RegisteredNew})
	if _, err := f.Batch(t.Context(), batch); err == nil {
		t.Error("compare made a batch")
	}

	f.register(t, "b", "c", "d")
	if err := f.MarkEnqueued(t.Context(), batch, []string{"d"}); err != nil {
		t.Fatal(err)
	}
	compared, err := f.Compare(t.Context(), batch, specs)
	if err != nil {
		t.Fatal(err)
	}
	registered, err := f.Register(t.Context(), batch, source, specs)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", results(compared), []lifecycle.Registered{lifecycle.RegisteredNew, lifecycle.RegisteredConflict, lifecycle.RegisteredRepair, lifecycle.RegisteredSame})
	equal(t, "compare against register", compared, registered)
}

func testRegisterMany(t *testing.T, f *ledgerFixture) {
	const n = 1234
	keys := manyKeys(n)
	for i, result := range f.register(t, keys...) {
		if result != lifecycle.RegisteredNew {
			t.Fatalf("item %d: %s", i, result)
		}
	}
	if err := f.MarkEnqueued(t.Context(), batch, keys); err != nil {
		t.Fatal(err)
	}
	var got []string
	for item, err := range f.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		if item.Record.EnqueuedAt == 0 {
			t.Fatalf("item %s is not marked", item.Key)
		}
		got = append(got, item.Key)
	}
	equal(t, "order", got, keys)
	equal(t, "total", f.batch(t).Total, int64(n))
	if again := f.register(t, keys[700]); again[0] != lifecycle.RegisteredSame {
		t.Errorf("again: %s", again[0])
	}
	equal(t, "total after repeating", f.batch(t).Total, int64(n))
}

func testTokens(t *testing.T, f *ledgerFixture) {
	mine := ledger.TokenClaim{ClientToken: "mine-1", Batch: batch, Key: "a"}
	for range 2 {
		if err := f.ClaimTokens(t.Context(), []ledger.TokenClaim{mine}); err != nil {
			t.Fatal(err)
		}
	}
	thief := ledger.TokenClaim{ClientToken: "mine-1", Batch: "other", Key: "a"}
	var taken *ledger.TokenTakenError
	if err := f.ClaimTokens(t.Context(), []ledger.TokenClaim{thief}); !errors.As(err, &taken) {
		t.Fatalf("got %v, want a TokenTakenError", err)
	}
	equal(t, "owner", taken.Owner, ledger.Owner{Batch: batch, Key: "a"})

	// All or none: nothing is claimed beside a taken one.
	free := ledger.TokenClaim{ClientToken: "free", Batch: "other", Key: "b"}
	if err := f.ClaimTokens(t.Context(), []ledger.TokenClaim{free, thief}); err == nil {
		t.Fatal("a taken token was given away")
	}
	owners, err := f.TokenOwners(t.Context(), []ledger.TokenClaim{free, mine})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "owners", owners, []ledger.Owner{{}, {Batch: batch, Key: "a"}})
	twice := []ledger.TokenClaim{free, {ClientToken: "free", Batch: "other", Key: "c"}}
	if err := f.ClaimTokens(t.Context(), twice); !errors.As(err, &taken) || taken.Owner != (ledger.Owner{Batch: "other", Key: "b"}) {
		t.Errorf("one token for two items: %v", err)
	}
}

// What one producer claimed, another of the same items may have found, and goes on with: the end of the first
// does not give it to somebody else.
func testTokensAreNotGivenBack(t *testing.T, f *ledgerFixture) {
	first := ledger.TokenClaim{ClientToken: "shared", Batch: batch, Key: "a"}
	loser := ledger.TokenClaim{ClientToken: "contested", Batch: batch, Key: "b"}
	winner := ledger.TokenClaim{ClientToken: "contested", Batch: "other", Key: "b"}
	f.rdb.AddHook(&meanwhile{kind: "set", do: func() { // after the first has looked, and before it claims
		for _, claim := range []ledger.TokenClaim{winner, first} {
			text := claim.Batch + "\x1f" + claim.Key
			if err := f.rdb.Append(t.Context(), "havip:token:"+claim.ClientToken, text).Err(); err != nil {
				t.Error(err)
			}
		}
	}})
	var taken *ledger.TokenTakenError
	if err := f.ClaimTokens(t.Context(), []ledger.TokenClaim{first, loser}); !errors.As(err, &taken) {
		t.Fatalf("got %v, want a TokenTakenError", err)
	}
	owners, err := f.TokenOwners(t.Context(), []ledger.TokenClaim{first, winner})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "owners", owners, []ledger.Owner{{Batch: batch, Key: "a"}, {Batch: "other", Key: "b"}})
}

func testBatches(t *testing.T, f *ledgerFixture) {
	for _, name := range []string{"one", "two", "three"} {
		if _, err := f.Register(t.Context(), name, source, []ledger.Spec{spec("a")}); err != nil {
			t.Fatal(err)
		}
		f.pass(time.Second)
	}
	batches, err := f.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, got := range batches {
		names = append(names, got.Name)
		equal(t, "source", got.Source, source)
	}
	equal(t, "names", names, []string{"three", "two", "one"})
}

func testNotFound(t *testing.T, f *ledgerFixture) {
	var noBatch *ledger.BatchNotFoundError
	if _, err := f.Batch(t.Context(), "none"); !errors.As(err, &noBatch) {
		t.Errorf("batch: got %v", err)
	}
	if err := f.Commit(t.Context(), "none"); !errors.As(err, &noBatch) {
		t.Errorf("commit: got %v", err)
	}
	var noItem *ledger.ItemNotFoundError
	if _, err := f.Item(t.Context(), batch, "none"); !errors.As(err, &noItem) {
		t.Errorf("item: got %v", err)
	}
	f.begin(t, "none", terms("t"), lifecycle.StartAbsent)
	f.record(t, "none", 1, createdOutcome, lifecycle.RecordedAbsent)
	if result, _, err := f.Settle(t.Context(), batch, "none", ledger.Review, "", ""); err != nil || result != lifecycle.SettledAbsent {
		t.Errorf("settle: got %s, %v", result, err)
	}
}

func testText(t *testing.T, f *ledgerFixture) {
	s := spec("北京/出口 \"一\"\\ <&> \u2028 é")
	s.Body = "{\"name\":\"北京 </\\\"é\\u0001\",\"description\":\"a,b\\n\"}"
	if _, err := f.Register(t.Context(), batch, source, []ledger.Spec{s}); err != nil {
		t.Fatal(err)
	}
	start := f.begin(t, s.Key, terms("t"), lifecycle.StartSend)
	equal(t, "spec as begun", start.Item.Spec, s)
	message := "无权限 \"x\" \\ / \x1b[31m"
	outcome := rejectedOutcome
	outcome.Message = message
	f.record(t, s.Key, 1, outcome, lifecycle.RecordedApplied)
	item := f.item(t, s.Key)
	equal(t, "spec as read", item.Spec, s)
	equal(t, "message", item.Record.Message, message)
}

func testRedisClock(t *testing.T, f *ledgerFixture) {
	f.Ledger = ledger.New(f.rdb)
	before, err := f.rdb.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	f.register(t, "a")
	after, err := f.rdb.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	at := f.item(t, "a").Record.RegisteredAt.Time()
	if at.Before(before.Truncate(time.Millisecond)) || at.After(after) {
		t.Errorf("registered at %v, want between %v and %v", at, before, after)
	}
}
