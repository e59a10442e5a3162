package tasks

import (
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"havip/ledger"
)

// applyTo applies one item to a batch.
func (f *handlerFixture) applyTo(batch string, item Item, refuse bool) error {
	f.Helper()
	producer := NewProducer(f.ledger, &queueStub{}, nil)
	producer.RefuseDuplicates = refuse
	return producer.Apply(f.Context(), batch, ledger.Source{}, oneRow(item), nil)
}

func oneRow(item Item) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) { yield(Row{Item: item}, nil) }
}

// duplicateOf compares one item with a batch.
func (f *handlerFixture) duplicateOf(batch string, item Item) *Duplicate {
	f.Helper()
	var found *Duplicate
	for c, err := range NewComparer(f.ledger).Compare(f.Context(), batch, oneRow(item)) {
		if err != nil {
			f.Fatal(err)
		}
		found = c.Duplicate
	}
	return found
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	with := func(change func(*Item)) Item {
		item := testItem("web", "10.0.0.1")
		change(&item)
		return item
	}
	tests := map[string]struct {
		item  Item
		batch string
		// before happens to the item "web" of batch "b".
		before func(f *handlerFixture)
		want   bool
		// sameBatch is true for an item that is reported and not refused.
		sameBatch bool
	}{
		"the same request":         {item: with(func(*Item) {}), want: true},
		"under another key":        {item: with(func(i *Item) { i.Key = "other" }), want: true},
		"by another account name":  {item: with(func(i *Item) { i.Account = "team" }), want: true},
		"with other words":         {item: with(func(i *Item) { i.Request.Description = "other" }), want: true},
		"another name":             {item: with(func(i *Item) { i.Request.Name = "other" })},
		"another subnet":           {item: with(func(i *Item) { i.Request.SubnetID = "sbn-2" })},
		"another address":          {item: with(func(i *Item) { i.Request.PrivateIPAddress = "" })},
		"in another region's lane": {item: with(func(i *Item) { i.Region = "gz" }), want: true},
		"the same batch":           {item: with(func(i *Item) { i.Key = "other" }), batch: testBatch, sameBatch: true},
		"itself":                   {item: with(func(*Item) {}), batch: testBatch},
		"in review":                {item: with(func(*Item) {}), before: func(f *handlerFixture) { f.settleWeb(ledger.Review) }, want: true},
		"rejected":                 {item: with(func(*Item) {}), before: func(f *handlerFixture) { f.settleWeb(ledger.Rejected) }},
		"forgotten": {item: with(func(*Item) {}), before: func(f *handlerFixture) {
			f.settleWeb(ledger.Rejected)
			if _, err := f.ledger.Forget(f.Context(), testBatch, ledger.Forgetting{}); err != nil {
				f.Fatal(err)
			}
		}},
		"another request by now": {item: with(func(*Item) {}), before: func(f *handlerFixture) {
			f.settleWeb(ledger.Rejected)
			if _, err := f.ledger.Forget(f.Context(), testBatch, ledger.Forgetting{}); err != nil {
				f.Fatal(err)
			}
			if err := f.applyTo(testBatch, testItem("web", "10.0.0.9"), false); err != nil {
				f.Fatal(err)
			}
		}},
		"damaged": {item: with(func(*Item) {}), before: func(f *handlerFixture) {
			f.rdb.HSet(f.Context(), "havip:{"+testBatch+"}:records", "web", "{")
		}, want: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			if err := f.applyTo(testBatch, testItem("web", "10.0.0.1"), true); err != nil {
				t.Fatal(err)
			}
			if test.before != nil {
				test.before(f)
			}
			batch := test.batch
			if batch == "" {
				batch = "second"
			}
			found := f.duplicateOf(batch, test.item)
			if want := test.want || test.sameBatch; (found != nil) != want || want && found.SameBatch != test.sameBatch {
				t.Errorf("compared: duplicate is %+v, want one: %t", found, want)
			}
			err := f.applyTo(batch, test.item, true)
			var refused *DuplicateError
			switch {
			case !test.want && err != nil:
				t.Error(err)
			case test.want && !errors.As(err, &refused):
				t.Errorf("applied: %v, want a duplicate", err)
			case test.want && (refused.Duplicate.Batch != testBatch || refused.Duplicate.Key != "web"):
				t.Errorf("refused for %+v", refused)
			}
			if b, err := f.ledger.Batch(t.Context(), batch); test.want && (err == nil || b.Total > 0) {
				t.Errorf("%d items were registered, %v", b.Total, err)
			}
		})
	}
}

// settleWeb ends the item "web" of the test's batch.
func (f *handlerFixture) settleWeb(state ledger.State) {
	f.Helper()
	if _, _, err := f.ledger.Settle(f.Context(), testBatch, "web", state, "Code", ""); err != nil {
		f.Fatal(err)
	}
}

// A HaVIP that stays when its batch's record is deleted is a duplicate in every batch, until its request is registered again.
func TestDuplicates_leftBehind(t *testing.T) {
	t.Parallel()
	other := testItem("web", "")
	other.Key = "other"
	for name, test := range map[string]struct {
		// before happens to the item "web" of batch "b".
		before func(f *handlerFixture, task *asynq.Task)
		item   Item
		want   bool
	}{
		"created":                    {item: testItem("web", ""), want: true},
		"created, under another key": {item: other, want: true},
		"rolled back": {item: testItem("web", ""), before: func(f *handlerFixture, task *asynq.Task) {
			f.rollBack("web")
			f.done(task)
		}},
		"rolled back after an interrupted delete": {item: testItem("web", ""), before: func(f *handlerFixture, task *asynq.Task) {
			if err := LeaveBehind(f.Context(), f.ledger, testBatch); err != nil {
				f.Fatal(err)
			}
			f.rollBack("web")
			f.done(task)
		}},
		"left twice": {item: testItem("web", ""), want: true, before: func(f *handlerFixture, _ *asynq.Task) {
			if err := LeaveBehind(f.Context(), f.ledger, testBatch); err != nil {
				f.Fatal(err)
			}
		}},
	} {
		for _, batch := range []string{testBatch, "second"} {
			t.Run(name+" in "+batch, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, "")
				task, id := f.created("web")
				if test.before != nil {
					test.before(f, task)
				}
				if err := LeaveBehind(t.Context(), f.ledger, testBatch); err != nil {
					t.Fatal(err)
				}
				if d := f.duplicateOf(testBatch, test.item); d != nil && d.BatchDeleted {
					t.Errorf("before the batch is deleted: %+v", d)
				}
				f.forget()
				d := f.duplicateOf(batch, test.item)
				if (d != nil) != test.want || d != nil && (!d.BatchDeleted || d.Batch != testBatch || d.Key != "web" || d.HaVIPID != id) {
					t.Fatalf("duplicate: %+v, want %t", d, test.want)
				}
				var refused *DuplicateError
				if err := f.applyTo(batch, test.item, true); errors.As(err, &refused) != test.want {
					t.Errorf("applied: %v", err)
				}
				// What is allowed is the duplicate of what comes after it.
				for range 2 {
					if err := f.applyTo(batch, test.item, false); err != nil {
						t.Fatal(err)
					}
				}
				if d := f.duplicateOf("third", test.item); d == nil || d.BatchDeleted || d.Batch != batch {
					t.Errorf("the next batch: duplicate of %+v", d)
				}
			})
		}
	}
}

// A row with the address of a HaVIP that stayed is its duplicate, also if BCE had assigned the address.
func TestDuplicates_leftBehindAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.created("web")
	items := []ledger.Item{{Batch: testBatch, Spec: ledger.Spec{Key: "web", Account: "default", Region: "bj"}, Record: f.record("web")}}
	if _, err := f.handler.Confirm(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	item := testItem("web", f.record("web").PrivateIPAddress)
	if err := LeaveBehind(t.Context(), f.ledger, testBatch); err != nil {
		t.Fatal(err)
	}
	f.forget()
	if d := f.duplicateOf("second", item); d == nil || !d.BatchDeleted {
		t.Errorf("duplicate of %+v", d)
	}
}

// An item whose duplicate was allowed, or ended, is found by the next batch in its turn.
func TestDuplicates_takenOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	item := testItem("web", "")
	for _, step := range []struct {
		batch string
		// ended says that the item of the test's batch ended without a HaVIP before.
		ended, refuse bool
		duplicate     string
	}{
		{batch: testBatch, refuse: true},
		{batch: "allowed", duplicate: testBatch},
		{batch: "allowed", refuse: true}, // it is registered: nothing is created again
		{batch: "third", ended: true, refuse: true},
		{batch: "fourth", refuse: true, duplicate: "third"},
	} {
		if step.ended {
			f.settleWeb(ledger.Rejected)
		}
		found := ""
		if d := f.duplicateOf(step.batch, item); d != nil {
			found = d.Batch
		}
		if diff := cmp.Diff(step.duplicate, found); diff != "" {
			t.Errorf("batch %s: duplicate of:\n%s", step.batch, diff)
		}
		var refused *DuplicateError
		if err := f.applyTo(step.batch, item, step.refuse); errors.As(err, &refused) != (step.refuse && step.duplicate != "") {
			t.Errorf("batch %s: %v", step.batch, err)
		}
	}
}

// A row that asks for the address which BCE chose for another batch's item is that item's result, put in again.
func TestDuplicates_chosenAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("web", ""))
	if err := f.handler.ProcessTask(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	items := []ledger.Item{{Batch: testBatch, Spec: ledger.Spec{Key: "web", Account: "default", Region: "bj"}, Record: f.record("web")}}
	if _, err := f.handler.Confirm(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	chosen := f.record("web").PrivateIPAddress
	if chosen == "" {
		t.Fatal("BCE chose no address")
	}
	if d := f.duplicateOf("second", testItem("web", chosen)); d == nil || d.Batch != testBatch {
		t.Errorf("duplicate of %+v", d)
	}
	if d := f.duplicateOf("second", testItem("web", "10.9.9.9")); d != nil {
		t.Errorf("another address: duplicate of %+v", d)
	}
}

// A task that another program enqueued is found as well.
func TestDuplicates_ofTask(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.done(foreign(testItem("web", ""), ""))
	if d := f.duplicateOf("second", testItem("web", "")); d == nil || d.Batch != testBatch {
		t.Errorf("duplicate of %+v", d)
	}
}
