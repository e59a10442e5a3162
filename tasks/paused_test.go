package tasks

import (
	"context"
	"testing"

	"havip/ledger"
)

func (f *handlerFixture) pauseBatch() {
	f.Helper()
	if _, err := f.ledger.Pause(f.Context(), testBatch, ledger.Act{By: "li@host"}); err != nil {
		f.Fatal(err)
	}
}

func (f *handlerFixture) resumeBatch() {
	f.Helper()
	if _, err := f.ledger.Resume(f.Context(), testBatch, nil, ledger.Act{By: "li@host"}); err != nil {
		f.Fatal(err)
	}
}

// The task of a held item ends without costing its lane anything, and the item stays as it is.
func TestPausedItemCostsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", ""))
	f.pauseBatch()
	config := f.config()
	config.Gate = closedGate{t}
	f.handler = NewHandler(config)
	f.done(task)
	f.expect("a", facts{State: ledger.Queued})
}

// Held while its task waits for the lane, nothing is sent: begin asks last.
func TestPauseWhileWaitingForTheLane(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	config.Gate = hookedGate{f.pauseBatch}
	f.handler = NewHandler(config)
	f.done(f.put(testItem("a", "")))
	f.expect("a", facts{State: ledger.Queued})
	if got := len(f.sim.Calls()); got != 0 {
		t.Errorf("%d calls", got)
	}
}

// An item whose outcome is unknown when its batch is paused is still resolved: its request is repeated, and returns the
// HaVIP that the first one created.
func TestPausedWithUnknownOutcome(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1")
	doubtful, other := f.put(testItem("doubtful", "10.1.2.3")), f.put(testItem("other", ""))
	f.postponed(doubtful)
	f.pauseBatch()
	f.done(other)
	f.done(doubtful)
	f.expect("doubtful", facts{ledger.Created, ClassCreated, "", 2, 2})
	f.expect("other", facts{State: ledger.Queued})
	if live := len(f.live()); live != 1 {
		t.Errorf("%d HaVIPs exist", live)
	}
}

// What was never begun, and what was refused while its batch was held, goes on with the batch.
func TestPausedItemContinues(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:429=#1")
	config := f.config()
	config.API = hookedAPI{f.api, f.pauseBatch}
	f.handler = NewHandler(config)
	task := f.put(testItem("refused", ""))
	f.postponed(task)
	f.handler = NewHandler(f.config())
	f.done(task)
	f.expect("refused", facts{ledger.Waiting, ClassThrottled, "RateLimit", 1, 0})
	f.resumeBatch()
	f.done(task)
	f.expect("refused", facts{ledger.Created, ClassCreated, "", 2, 1})
}

// The tasks of other producers are registered into the batch that is held, and are not begun.
func TestPausedForeignTask(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.put(testItem("known", ""))
	f.pauseBatch()
	unregistered := foreign(testItem("foreign", ""), "")
	f.done(unregistered)
	f.expect("foreign", facts{State: ledger.Queued})
	// Between the look at the batch and the registration, somebody lets it go on.
	config := f.config()
	config.Ledger = &resumingLedger{f.ledger, f.resumeBatch}
	f.handler = NewHandler(config)
	f.done(foreign(testItem("late", ""), ""))
	f.expect("late", facts{ledger.Created, ClassCreated, "", 1, 1})
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
func TestTaskNamingAPausedItemIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.put(testItem("a", ""))
	f.pauseBatch()
	f.archived(foreign(testItem("a", "10.9.9.9"), ""), "another request is registered")
}
