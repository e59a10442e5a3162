package tasks

import (
	"context"
	"testing"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

func (b *bench) pauseBatch() {
	b.Helper()
	if _, err := b.ledger.Pause(b.Context(), testBatch, ledger.Act{By: "li@host"}); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) resumeBatch() {
	b.Helper()
	if _, err := b.ledger.Resume(b.Context(), testBatch, nil, ledger.Act{By: "li@host"}); err != nil {
		b.Fatal(err)
	}
}

// The task of a held item ends without costing its lane anything, and the item stays as it is.
func TestHeldItemCostsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	task := b.put(testItem("a", ""))
	b.pauseBatch()
	config := b.config()
	config.Gate = closedGate{t}
	b.handler = NewHandler(config)
	b.done(task)
	b.expect("a", facts{State: ledger.Queued})
}

// Held while its task waits for the lane, nothing is sent: begin asks last.
func TestHoldWhileWaitingForTheLane(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	config := b.config()
	config.Gate = hookedGate{b.pauseBatch}
	b.handler = NewHandler(config)
	b.done(b.put(testItem("a", "")))
	b.expect("a", facts{State: ledger.Queued})
	if got := len(b.sim.Calls()); got != 0 {
		t.Errorf("%d calls", got)
	}
}

// What is in doubt when its batch is held comes to its end: its request is repeated, and gets the HaVIP
// that the first has made.
func TestHeldInDoubt(t *testing.T) {
	t.Parallel()
	b := newBench(t, "create:commit-500=#1")
	doubtful, other := b.put(testItem("doubtful", "10.1.2.3")), b.put(testItem("other", ""))
	b.postponed(doubtful)
	b.pauseBatch()
	b.done(other)
	b.done(doubtful)
	b.expect("doubtful", facts{ledger.Created, ClassCreated, "", 2, 2})
	b.expect("other", facts{State: ledger.Queued})
	if live := len(b.live()); live != 1 {
		t.Errorf("%d HaVIPs exist", live)
	}
}

// What was never begun, and what was refused while its batch was held, goes on with the batch.
func TestHeldItemGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, "create:429=#1")
	config := b.config()
	config.API = hookedAPI{b.api, b.pauseBatch}
	b.handler = NewHandler(config)
	task := b.put(testItem("refused", ""))
	b.postponed(task)
	b.handler = NewHandler(b.config())
	b.done(task)
	b.expect("refused", facts{ledger.Waiting, ClassThrottled, "RateLimit", 1, 0})
	b.resumeBatch()
	b.done(task)
	b.expect("refused", facts{ledger.Created, ClassCreated, "", 2, 1})
}

// The tasks of other producers are registered into the batch that is held, and are not begun.
func TestHeldForeignTask(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.put(testItem("known", ""))
	b.pauseBatch()
	foreign := asynq.NewTask(TypeCreate, newPayload(testBatch, testItem("foreign", ""), "").Encode())
	b.done(foreign)
	b.expect("foreign", facts{State: ledger.Queued})
	// Between the look at the batch and the registration, somebody lets it go on.
	config := b.config()
	config.Ledger = &resumingLedger{b.ledger, b.resumeBatch}
	b.handler = NewHandler(config)
	b.done(asynq.NewTask(TypeCreate, newPayload(testBatch, testItem("late", ""), "").Encode()))
	b.expect("late", facts{ledger.Created, ClassCreated, "", 1, 1})
}

// resumingLedger lets the batch go on just before an item is registered.
type resumingLedger struct {
	*ledger.Ledger
	resume func()
}

func (l *resumingLedger) Register(ctx context.Context, batch string, source ledger.Source, specs []ledger.Spec) ([]ledger.Registration, error) {
	l.resume()
	return l.Ledger.Register(ctx, batch, source, specs)
}

// A task that only has the name of a held item is refused as always, and is not mistaken for its own.
func TestHeldItemsNameIsNotItsTask(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.put(testItem("a", ""))
	b.pauseBatch()
	b.archived(asynq.NewTask(TypeCreate, newPayload(testBatch, testItem("a", "10.9.9.9"), "").Encode()), "another request is registered")
}
