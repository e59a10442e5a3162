package tasks

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/lifecycle"
)

// replace deletes the batch of an item that waits, and registers the item as given; it returns the new task.
func (f *handlerFixture) replace(item Item) *asynq.Task {
	f.Helper()
	f.cancel(item.Key, lifecycle.CommandApplied)
	f.forget()
	return f.put(item)
}

// A task of an earlier batch of the same name can only do what the item's own task does: what is sent is what the ledger has.
func TestReferenceSendsWhatTheLedgerHas(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	earlier := f.put(testItem("a", "10.1.2.3"))
	own := f.replace(testItem("a", "10.9.9.9"))
	f.concluded(earlier)
	f.done(own)
	f.confirmed()
	rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
	live := f.live()
	if len(live) != 1 || live[0].PrivateIP != "10.9.9.9" || live[0].HaVIPID != rec.HaVIPID || rec.ClientToken != ClientToken(testBatch, "a", 2) {
		t.Errorf("%+v, exists %+v", rec, live)
	}
}

// A task without an item creates nothing, and leaves its ID to the task of the item that is registered later.
func TestReferenceWithoutAnItem(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", ""))
	if err := f.rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	f.done(task)
	if exists, err := f.rdb.Exists(t.Context(), "havip:{"+testBatch+"}:batch").Result(); err != nil || exists != 0 || len(f.sim.Calls()) != 0 {
		t.Errorf("batch exists: %d, %v; %d calls", exists, err, len(f.sim.Calls()))
	}
	if !strings.Contains(f.logs.String(), "its item is not in the ledger") {
		t.Errorf("not logged:\n%s", f.logs)
	}
}

func TestReferenceInAnotherLane(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	item := testItem("a", "")
	item.Region = "gz"
	f.archived(f.put(item), "lane default/gz does not belong in queue havip.default.bj; enqueue it in havip.default.gz")
	f.expect("a", facts{State: ledger.Queued})
}

// Nothing is sent for an item whose request in Redis is not the one that was registered.
func TestReferenceToAChangedRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task, specs := f.put(testItem("a", "10.1.2.3")), "havip:{"+testBatch+"}:specs"
	registered := f.rdb.HGet(t.Context(), specs, "a").Val()
	changed := strings.Replace(registered, "10.1.2.3", "10.9.9.9", 1)
	if changed == registered || f.rdb.HSet(t.Context(), specs, "a", changed).Err() != nil {
		t.Fatalf("spec %q", registered)
	}
	if reason := f.postponement(task).Reason; !strings.Contains(reason, "its request is not the one that was registered") || len(f.sim.Calls()) != 0 {
		t.Errorf("%q, %d calls", reason, len(f.sim.Calls()))
	}
	if err := f.rdb.HSet(t.Context(), specs, "a", registered).Err(); err != nil {
		t.Fatal(err)
	}
	f.done(task)
	f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
}

// While a task waits for its lane, the batch is deleted and the item registered with another request, of another lane or of
// this one. Nothing is begun for it in this run.
func TestItemReplacedWhileItsTaskWaits(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"bj", "gz"} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			task, later := f.put(testItem("a", "10.1.2.3")), testItem("a", "10.9.9.9")
			later.Region = region
			replace := sync.OnceFunc(func() { f.replace(later) })
			config := f.config()
			config.Gate = gateFunc(func(context.Context, string) (Pass, error) {
				replace()
				return freePass{}, nil
			})
			f.handler = NewHandler(config)
			if got := f.postponement(task); got.Reason != "the item was deleted and registered anew" {
				t.Errorf("postponed: %s", got.Reason)
			}
			f.expect("a", facts{State: ledger.Queued})
			if region == "gz" {
				f.archived(task, "lane default/gz does not belong in queue havip.default.bj")
				if len(f.live()) != 0 {
					t.Errorf("exists %+v", f.live())
				}
				return
			}
			f.concluded(task)
			if live := f.live(); len(live) != 1 || live[0].PrivateIP != "10.9.9.9" {
				t.Errorf("exists %+v", live)
			}
		})
	}
}

// Earlier builds enqueued each registered item with its whole request. Such a task still runs its item, also in a later
// generation.
func TestWholeRequestOfARegisteredItem(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1")
	item := testItem("a", "10.1.2.3")
	f.put(item)
	task := foreign(item, ClientToken(testBatch, "a", 1))
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	f.concluded(task)
	if rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2}); rec.Generation != 2 {
		t.Errorf("generation %d", rec.Generation)
	}
	f.done(task)
	if live := f.live(); len(live) != 1 || live[0].PrivateIP != "10.1.2.3" {
		t.Errorf("exists %+v", live)
	}
}
