package tasks

import (
	"context"
	"strings"
	"testing"
	"time"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// cancel asks the ledger to cancel the item, as an operator does.
func (f *handlerFixture) cancel(key string, want lifecycle.Commanded) {
	f.Helper()
	answers, err := f.ledger.Cancel(f.Context(), testBatch, "wrong subnet", []ledger.Item{{Batch: testBatch, Spec: ledger.Spec{Key: key}}})
	if err != nil || answers[0].Result != want {
		f.Fatalf("cancel %s: %v, %v; want %s", key, answers, err, want)
	}
}

// closedGate fails every caller.
type closedGate struct{ *testing.T }

func (g closedGate) Enter(context.Context, string) (Pass, error) {
	g.Error("the lane was asked")
	return freePass{}, nil
}

func (g closedGate) EnterDeletion(ctx context.Context) (Pass, error) { return g.Enter(ctx, "") }

// The task of a canceled item ends without costing its lane anything.
func TestCanceledItemCostsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", ""))
	f.cancel("a", lifecycle.CommandApplied)
	config := f.config()
	config.Gate = closedGate{t}
	f.handler = NewHandler(config)
	f.done(task)
	f.expect("a", facts{ledger.Canceled, "", "Canceled", 0, 0})
}

// hookedGate does something while the lane is waited for.
type hookedGate struct{ meanwhile func() }

func (g hookedGate) Enter(context.Context, string) (Pass, error) {
	g.meanwhile()
	return freePass{}, nil
}

func (g hookedGate) EnterDeletion(ctx context.Context) (Pass, error) { return g.Enter(ctx, "") }

// Canceled while its task waits for the lane, nothing is sent: begin asks last.
func TestCancelWhileWaitingForTheLane(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	config.Gate = hookedGate{func() { f.cancel("a", lifecycle.CommandApplied) }}
	f.handler = NewHandler(config)
	f.done(f.put(testItem("a", "")))
	f.expect("a", facts{ledger.Canceled, "", "Canceled", 0, 0})
	if got := len(f.sim.Calls()); got != 0 {
		t.Errorf("%d calls", got)
	}
}

// Canceled while its request is in flight: what the request came to decides, and it is the last.
func TestCancelInFlight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, faults string
		first, atEnd facts
		live         int
	}{
		{"created", "", facts{ledger.Created, ClassCreated, "", 1, 1}, facts{ledger.Created, ClassCreated, "", 1, 1}, 1},
		{"rejected", "create:answer:400/NoSuchObject", facts{ledger.Canceled, ClassRejected, "Canceled", 1, 1}, facts{ledger.Canceled, ClassRejected, "Canceled", 1, 1}, 0},
		{"throttled", "create:429", facts{ledger.Canceled, ClassThrottled, "Canceled", 1, 0}, facts{ledger.Canceled, ClassThrottled, "Canceled", 1, 0}, 0},
		{"lane fault", "create:answer:403/AccessDenied", facts{ledger.Canceled, ClassLaneFault, "Canceled", 1, 0}, facts{ledger.Canceled, ClassLaneFault, "Canceled", 1, 0}, 0},
		{"answer lost", "create:commit-500", facts{ledger.Unknown, ClassUnknown, "InternalError", 1, 1}, facts{ledger.Adopted, ClassUnknown, "", 1, 1}, 1},
		{"request lost", "create:error-500", facts{ledger.Unknown, ClassUnknown, "InternalError", 1, 1}, facts{ledger.Canceled, ClassUnknown, "Canceled", 1, 1}, 0},
		{
			"used token", "create:answer:403/IdempotentParameterMismatch",
			facts{ledger.Unknown, ClassMismatch, bce.CodeIdempotentParameterMismatch, 1, 1},
			facts{ledger.Canceled, ClassMismatch, "Canceled", 1, 1},
			0,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, test.faults)
			config := f.config()
			config.API = hookedAPI{f.api, func() { f.cancel("a", lifecycle.CommandAsked) }}
			f.handler = NewHandler(config)
			task := f.put(testItem("a", "10.1.2.3"))
			if test.first.State == ledger.Unknown {
				if got := f.postponement(task).After; got != LookupGrace {
					t.Errorf("retried in %v, want it looked for after %v", got, LookupGrace)
				}
			} else {
				f.done(task)
			}
			f.expect("a", test.first)
			f.clock.pass(LookupGrace)
			f.concluded(task)
			rec := f.expect("a", test.atEnd)
			if rec.State.Succeeded() && !strings.HasPrefix(rec.Message, "not canceled") {
				t.Errorf("the user is not told: %q", rec.Message)
			}
			if creates, live := len(f.sim.CallsOf("create")), len(f.live()); creates != 1 || live != test.live {
				t.Errorf("%d creates, %d exist; want 1 and %d", creates, live, test.live)
			}
		})
	}
}

// Canceled at the very moment at which a lookup has found nothing: no next token, no next request.
func TestCancelDuringALookup(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500")
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	config := f.config()
	config.Ledger = &cancelingLedger{f.ledger, func() { f.cancel("a", lifecycle.CommandAsked) }}
	f.handler = NewHandler(config)
	f.concluded(task)
	rec := f.expect("a", facts{ledger.Canceled, ClassUnknown, "Canceled", 1, 1})
	if rec.Generation != 1 || len(f.sim.CallsOf("create")) != 1 {
		t.Errorf("generation %d after %d creates", rec.Generation, len(f.sim.CallsOf("create")))
	}
}

// cancelingLedger cancels an item just before its first absence is recorded.
type cancelingLedger struct {
	*ledger.Ledger
	cancel func()
}

func (l *cancelingLedger) RecordAbsence(ctx context.Context, batch, key string, seen ledger.Record, o lifecycle.AbsenceTerms) (ledger.Absence, error) {
	if l.cancel != nil {
		l.cancel()
	}
	l.cancel = nil
	return l.Ledger.RecordAbsence(ctx, batch, key, seen, o)
}

// Canceled, and wanted after all: an item that was never sent begins again as it was.
func TestRetryOfACanceledItem(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("withdrawn", "10.1.2.3"))
	f.cancel("withdrawn", lifecycle.CommandApplied)
	f.done(task)
	f.retry("withdrawn")
	f.done(task)
	if rec := f.expect("withdrawn", facts{ledger.Created, ClassCreated, "", 1, 1}); rec.Generation != 1 {
		t.Errorf("generation %d", rec.Generation)
	}
}
