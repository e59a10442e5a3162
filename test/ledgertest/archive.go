package ledgertest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

func (f *ledgerFixture) contents(t *testing.T) ledger.Contents {
	t.Helper()
	c, err := f.Contents(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// archive has the batch deleted as archived, if it has that version.
func (f *ledgerFixture) archive(t *testing.T, c ledger.Contents, want ledger.Forgotten) {
	t.Helper()
	forgetting := ledger.Forgetting{
		By: "li@host", Reason: "old", Archive: ledger.NewArchive(c.Batch, "/srv/b.archive", "abc"), Version: c.Version,
	}
	if result, err := f.Forget(t.Context(), batch, forgetting); err != nil || result != want {
		t.Fatalf("archive: %s, %v, want %s", result, err, want)
	}
}

// registerRefused fails the test unless the name of the batch is reserved.
func (f *ledgerFixture) registerRefused(t *testing.T, source ledger.Source, key string) {
	t.Helper()
	var archived *ledger.BatchNotFoundError
	_, registering := f.Register(t.Context(), batch, source, []ledger.Spec{spec(key)})
	_, comparing := f.Compare(t.Context(), batch, []ledger.Spec{spec(key)})
	for _, err := range []error{registering, comparing, f.Reserved(t.Context(), batch)} {
		if !errors.As(err, &archived) || archived.Archive == nil || archived.Archive.File != "/srv/b.archive" {
			t.Errorf("item %s: %v", key, err)
		}
	}
}

// What is archived reserves the name of its batch, until it is released.
func testArchive(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.commit(t)
	f.sent(t, createdOutcome, "a")
	f.archive(t, f.contents(t), ledger.ForgottenBusy)
	f.sent(t, rejectedOutcome, "b")
	f.pass(time.Hour)
	c := f.contents(t)
	f.archive(t, c, ledger.ForgottenNow)
	f.archive(t, c, ledger.ForgottenNow) // the reply was lost

	at := ledger.Millis(f.clock().UnixMilli())
	want := ledger.BatchNotFoundError{
		Batch: batch, ForgottenAt: at, By: "li@host", Reason: "old", Archive: ledger.NewArchive(c.Batch, "/srv/b.archive", "abc"),
	}
	var missing *ledger.BatchNotFoundError
	if _, err := f.Batch(t.Context(), batch); !errors.As(err, &missing) {
		t.Fatal(err)
	}
	equal(t, "the archived batch", *missing, want)
	archived, err := f.Archived(t.Context())
	equal(t, "archived", []any{archived, err}, []any{[]ledger.BatchNotFoundError{want}, nil})

	f.registerRefused(t, ledger.Source{}, "a")
	f.registerRefused(t, ledger.Source{Whole: true}, "another")
	answers, err := f.Register(t.Context(), batch, ledger.Source{Whole: true, Task: true}, []ledger.Spec{spec("a")})
	equal(t, "leftover", []any{results(answers), err}, []any{[]lifecycle.Registered{lifecycle.RegisteredGone}, nil})
	batches, err := f.Batches(t.Context())
	equal(t, "batches", []any{len(batches), err}, []any{0, nil})

	if err := f.ReleaseName(t.Context(), batch, "li@host", "again"); err != nil {
		t.Fatal(err)
	}
	archived, err = f.Archived(t.Context())
	equal(t, "archived", []any{archived, err}, []any{[]ledger.BatchNotFoundError(nil), nil})
	f.register(t, "a")
	rec := f.item(t, "a").Record
	equal(t, "spent, past", []any{rec.TokenUsed, rec.ForgottenGeneration}, []any{true, 1})
}

// A batch that changed since its contents were read is kept, however small the change.
func testArchiveChanged(t *testing.T, f *ledgerFixture) {
	changes := map[string]func(){
		"an act": func() {
			if err := f.Note(t.Context(), batch, ledger.Act{Kind: "retry", By: "li@host"}); err != nil {
				t.Fatal(err)
			}
		},
		"an entry of a log": func() { // of an earlier request
			f.pass(time.Second)
			f.record(t, "a", 1, rejectedOutcome, lifecycle.RecordedLate)
		},
		"an item": func() {
			f.register(t, "c")
			f.commit(t)
			f.sent(t, createdOutcome, "c")
		},
	}
	f.register(t, "a", "b")
	f.commit(t)
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.pass(time.Minute)
	f.begin(t, "a", over(terms("t2"), "t1"), lifecycle.StartSend)
	f.record(t, "a", 2, createdOutcome, lifecycle.RecordedApplied)
	f.sent(t, createdOutcome, "b")
	for name, change := range changes {
		c := f.contents(t)
		equal(t, name+": the version", f.contents(t).Version, c.Version)
		change()
		f.archive(t, c, ledger.ForgottenChanged)
	}
	f.archive(t, f.contents(t), ledger.ForgottenNow)
}

// The stored texts of a batch are all that the ledger has of it.
func testStored(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.commit(t)
	f.sent(t, rejectedOutcome, "a")
	if err := f.Note(t.Context(), batch, ledger.Act{Kind: "retry", By: "li@host"}); err != nil {
		t.Fatal(err)
	}
	f.retry(t, "a")
	f.sent(t, createdOutcome, "a", "b")
	var keys []string
	for stored, err := range f.StoredItems(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, stored.Key)
		item, err := stored.Item(batch)
		equal(t, "item", []any{item, err}, []any{f.item(t, stored.Key), nil})
		log, err := stored.Log(batch)
		attempts, fault := f.Attempts(t.Context(), item)
		equal(t, "log", []any{log, err}, []any{attempts, fault})
	}
	equal(t, "keys", keys, []string{"a", "b"})

	events := 0
	for event, err := range f.StoredEvents(t.Context(), batch) {
		if err != nil || event.ID == "" || event.Fields["kind"] == nil {
			t.Fatalf("event %v: %v", event, err)
		}
		events++
	}
	length, err := f.rdb.XLen(t.Context(), "havip:{"+batch+"}:events").Result()
	equal(t, "events", []any{events, err}, []any{int(length), nil})
	acts, err := f.StoredActs(t.Context(), batch)
	if err != nil || len(acts) != 1 || !json.Valid([]byte(acts[0])) {
		t.Errorf("acts %v: %v", acts, err)
	}

	// An item that the list does not have would be lost.
	if err := f.rdb.LTrim(t.Context(), "havip:{"+batch+"}:order", 0, 0).Err(); err != nil {
		t.Fatal(err)
	}
	err = nil
	for _, fault := range f.StoredItems(t.Context(), batch) {
		err = fault
	}
	if err == nil {
		t.Error("a list without an item was not noticed")
	}
}
