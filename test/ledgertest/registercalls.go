package ledgertest

import (
	"testing"

	"havip/ledger"
	"havip/lifecycle"
)

// A producer's file has each key once; a program's rows may not.
func testRegisterTwiceAtOnce(t *testing.T, f *ledgerFixture) {
	changed := spec("a")
	changed.Fingerprint, changed.Body = "other", `{"name":"z"}`
	answers, err := f.Register(t.Context(), batch, source, []ledger.Spec{spec("a"), spec("a"), changed, spec("b")})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", results(answers), []lifecycle.Registered{lifecycle.RegisteredNew, lifecycle.RegisteredRepair, lifecycle.RegisteredConflict, lifecycle.RegisteredNew})
	if standing := answers[2].Existing; standing == nil || standing.Body != spec("a").Body {
		t.Errorf("the conflict shows %+v, want what the call entered before", standing)
	}
	equal(t, "total", f.batch(t).Total, int64(2))
	equal(t, "what stands", f.item(t, "a").Spec, spec("a"))
	if err := f.MarkEnqueued(t.Context(), batch, []string{"a", "a", "nobody", "b"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "after they are marked", f.register(t, "a", "b"), []lifecycle.Registered{lifecycle.RegisteredSame, lifecycle.RegisteredSame})
}

// A Redis that was restarted, or failed over, knows no script.
func testRegisterWithoutScripts(t *testing.T, f *ledgerFixture) {
	keys := manyKeys(1234)
	forget := func() {
		t.Helper()
		if err := f.rdb.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	f.register(t, keys...)
	forget()
	if err := f.MarkEnqueued(t.Context(), batch, keys); err != nil {
		t.Fatal(err)
	}
	forget()
	for i, result := range f.register(t, keys...) {
		if result != lifecycle.RegisteredSame {
			t.Fatalf("item %d: %s", i, result)
		}
	}
}
