package tasks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/ledger"
	"havip/lifecycle"
)

// process runs the task once and returns its decision.
func (f *handlerFixture) process(task *asynq.Task) error {
	f.Helper()
	return f.handler.ProcessTask(f.Context(), task)
}

// postponed is process, expecting the task to come again.
func (f *handlerFixture) postponed(task *asynq.Task) {
	f.Helper()
	_ = f.postponement(task)
}

func (f *handlerFixture) postponement(task *asynq.Task) *Postpone {
	f.Helper()
	var postpone *Postpone
	if err := f.process(task); !errors.As(err, &postpone) {
		f.Fatalf("got %v, want a Postpone", err)
	}
	return postpone
}

func (f *handlerFixture) done(task *asynq.Task) {
	f.Helper()
	if err := f.process(task); err != nil {
		f.Fatal(err)
	}
}

// concluded runs the task again and again, each time when it asks to, until it is done.
func (f *handlerFixture) concluded(task *asynq.Task) {
	f.Helper()
	for range 30 {
		err := f.process(task)
		var postpone *Postpone
		switch {
		case err == nil:
			return
		case !errors.As(err, &postpone):
			f.Fatal(err)
		}
		f.clock.pass(postpone.After)
		f.handler.finder.forget() // its listing has grown old by the ledger's clock, and not by ours
	}
	f.Fatal("the item comes to no end")
}

func (f *handlerFixture) archived(task *asynq.Task, reason string) {
	f.Helper()
	err := f.process(task)
	if !errors.Is(err, asynq.SkipRetry) || !strings.Contains(err.Error(), reason) {
		f.Fatalf("got %v, want it archived with %q", err, reason)
	}
}

// facts is what most tests look at.
type facts struct {
	State    ledger.State
	Class    Class
	Code     string
	Sends    int
	Attempts int
}

func factsOf(r ledger.Record) facts {
	return facts{r.State, Class(r.Class), r.Code, r.Sends, r.Attempts}
}

func (f *handlerFixture) expect(key string, want facts) ledger.Record {
	f.Helper()
	rec := f.record(key)
	if diff := cmp.Diff(want, factsOf(rec)); diff != "" {
		f.Errorf("record (-want +got):\n%s", diff)
	}
	return rec
}

// live are the HaVIPs that exist.
func (f *handlerFixture) live() []bcesim.Record { return f.sim.Truth().Live() }

func TestHandlerCreates(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	f.done(f.put(testItem("fixed", "10.1.2.3")))
	f.done(f.put(testItem("auto", "")))
	f.confirmed()
	rec := f.expect("fixed", facts{ledger.Created, ClassCreated, "", 1, 1})
	if rec.PrivateIPAddress != "10.1.2.3" || rec.RequestID == "" || rec.Status != 200 {
		t.Errorf("fixed: %+v", rec)
	}
	auto := f.record("auto")
	existing := f.live()
	if len(existing) != 2 {
		t.Fatalf("%d HaVIPs exist, want 2", len(existing))
	}
	if auto.HaVIPID != existing[1].HaVIPID || auto.PrivateIPAddress != existing[1].PrivateIP || auto.PrivateIPAddress == "" {
		t.Errorf("recorded %s %s, exists %+v", auto.HaVIPID, auto.PrivateIPAddress, existing[1])
	}
	// The task comes a second time: nothing is sent.
	calls := len(f.sim.Calls())
	f.done(f.put(testItem("again", "10.1.2.4")))
	f.done(foreign(testItem("fixed", "10.1.2.3"), ""))
	if got := len(f.sim.Calls()) - calls; got != 1 {
		t.Errorf("%d calls, want 1", got)
	}
}

// The promise of a retry: the same token, the same bytes, a new signature.
func TestRetriesRepeatTokenAndBytesUnderNewSignatures(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"commit-500", "commit-503", "commit-reset", "commit-truncated", "commit-empty", "commit-braces", "html-502", "error-500", "429"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			const repeats = 4
			f := newFixture(t, "create:"+fault+"=x3")
			task := f.put(testItem("a", "10.1.2.3"))
			for range repeats - 1 {
				f.postponed(task)
			}
			f.done(task)
			calls := f.sim.CallsOf("create")
			if len(calls) != repeats {
				t.Fatalf("%d calls, want %d", len(calls), repeats)
			}
			signatures := map[string]bool{}
			for _, call := range calls {
				if call.ClientToken != ClientToken(testBatch, "a", 1) {
					t.Errorf("token %q", call.ClientToken)
				}
				if call.BodySHA256 != calls[0].BodySHA256 {
					t.Error("the body changed")
				}
				signatures[call.Signature] = true
			}
			if len(signatures) != repeats {
				t.Errorf("%d signatures in %d attempts", len(signatures), repeats)
			}
			existing := f.live()
			if len(existing) != 1 || existing[0].HaVIPID != f.record("a").HaVIPID {
				t.Errorf("exists: %+v; recorded %s", existing, f.record("a").HaVIPID)
			}
		})
	}
}

func TestHandlerOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, faults string
		again        bool
		want         facts
	}{
		{"rejected", "create:answer=#1:400/NoSuchObject", false, facts{ledger.Rejected, ClassRejected, "NoSuchObject", 1, 1}},
		{"throttled does not count", "create:429=#1", true, facts{ledger.Waiting, ClassThrottled, "RateLimit", 1, 0}},
		{"unknown counts", "create:commit-500=#1", true, facts{ledger.Unknown, ClassUnknown, "InternalError", 1, 1}},
		{"lane fault does not count", "create:answer=#1:403/AccessDenied", true, facts{ledger.Waiting, ClassLaneFault, "AccessDenied", 1, 0}},
		{"mismatch leaves the outcome unknown", "create:answer=#1:403/IdempotentParameterMismatch", true, facts{ledger.Unknown, ClassMismatch, "IdempotentParameterMismatch", 1, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, test.faults)
			task := f.put(testItem("a", "10.1.2.3"))
			if test.again {
				f.postponed(task)
			} else {
				f.done(task)
			}
			f.expect("a", test.want)
		})
	}
}

func TestHandlerNotSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	refused, err := bce.NewClient(bce.Config{
		Endpoint:    "http://127.0.0.1:1",
		Credentials: bce.NewStaticProvider(bce.NewCredentials("k", "s", "")),
	})
	if err != nil {
		t.Fatal(err)
	}
	config.API = refused
	f.handler = NewHandler(config)
	f.postponed(f.put(testItem("a", "")))
	rec := f.expect("a", facts{ledger.Queued, ClassNotSent, "", 1, 1})
	if rec.Unknown {
		t.Error("nothing was sent, so nothing is unknown")
	}
}

func TestHandlerHonorsRetryAfter(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:429=#1:90s")
	postpone := f.postponement(f.put(testItem("a", "")))
	if postpone.After < 90*time.Second || postpone.After > 2*time.Minute {
		t.Errorf("retried in %v, want 90 s and a little", postpone.After)
	}
	if got := RetryDelayFunc(7, postpone, nil); got < postpone.After || got > postpone.After+time.Second {
		t.Errorf("asynq is told %v", got)
	}
	if IsFailure(postpone) {
		t.Error("asynq would count a decision as a failure")
	}
}

// A clock that is wrong by hours costs an item one refused request, not its life.
func TestHandlerLearnsTheClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.sim.Advance(3 * time.Hour)
	f.done(f.put(testItem("a", "10.1.2.3")))
	f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 1})
	f.done(f.put(testItem("b", "10.1.2.4")))
	f.expect("b", facts{ledger.Created, ClassCreated, "", 1, 1})
	f.sim.Advance(-6 * time.Hour)
	f.done(f.put(testItem("c", "10.1.2.5")))
	f.expect("c", facts{ledger.Created, ClassCreated, "", 2, 1})
}

// A task of another producer, that nobody registered.
func TestHandlerRegistersForeignTasks(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	for _, item := range []struct{ key, token, want string }{
		{"derived", ClientToken(testBatch, "derived", 1), ClientToken(testBatch, "derived", 1)},
		{"none", "", ClientToken(testBatch, "none", 1)},
		{"own", "team-token-7", "team-token-7"},
	} {
		f.done(foreign(testItem(item.key, ""), item.token))
		if got := f.record(item.key).ClientToken; got != item.want {
			t.Errorf("%s: token %s, want %s", item.key, got, item.want)
		}
	}
	f.confirmed()
	batch, err := f.ledger.Batch(t.Context(), testBatch)
	if err != nil || !batch.Done() || batch.Total != 3 {
		t.Errorf("batch %+v, %v", batch, err)
	}
}

func TestHandlerArchivesInvalidTasks(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.done(f.put(testItem("a", "10.1.2.3")))
	f.done(asynq.NewTask(TypeCreate, newPayload("other", testItem("own", ""), "team-token").Encode()))
	calls := len(f.sim.Calls())
	changed := testItem("a", "10.9.9.9")
	elsewhere := testItem("x", "")
	elsewhere.Region = "gz"
	payload := func(item Item, token string) *asynq.Task {
		return asynq.NewTask(TypeCreate, newPayload(testBatch, item, token).Encode())
	}
	f.archived(asynq.NewTask(TypeCreate, []byte("garbage")), "not JSON")
	f.archived(asynq.NewTask("other:type", nil), "type")
	f.archived(payload(elsewhere, ""), "lane default/gz does not belong in queue havip.default.bj")
	f.archived(payload(changed, ""), "another request is registered")
	f.archived(payload(testItem("thief", ""), ClientToken(testBatch, "a", 1)), "derived for another item")
	f.archived(payload(testItem("thief", ""), "team-token"), `already belongs to item "own" of batch "other"`)
	f.archived(payload(testItem("a", "10.1.2.3"), ClientToken(testBatch, "zzz", 1)), "another clientToken")
	if got := len(f.sim.Calls()); got != calls {
		t.Errorf("%d calls were made for tasks that cannot be", got-calls)
	}
	if strings.Count(f.logs.String(), "task archived") != 7 {
		t.Errorf("each must be logged:\n%s", f.logs)
	}
}

func TestHandlerEndsRetriesNeverSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	config.API = notSentAPI{f.api}
	f.handler = NewHandler(config)
	task := f.put(testItem("a", ""))
	for range 21 {
		f.postponed(task)
		f.clock.pass(time.Hour)
	}
	f.done(task)
	f.expect("a", facts{ledger.Rejected, ClassNotSent, "RetriesExhausted", 21, 21})
}

// Workers that were off do not use up an item's retries.
func TestHandlerRetriesAfterAWeekendOff(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	config.API = notSentAPI{f.api}
	down, up := NewHandler(config), f.handler
	f.handler = down
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.clock.pass(60 * time.Hour)
	f.handler = up
	f.done(task)
	f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2})
}

type notSentAPI struct{ *bce.Client }

func (notSentAPI) CreateHaVIPBody(context.Context, string, []byte) (*bce.CreateHaVIPOutput, error) {
	return nil, &bce.Error{Kind: bce.KindDial, Op: "create havip"}
}

// A canceled context (lease lost, shutdown) does not cut off the request.
func TestHandlerCallOutlivesItsContext(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	config := f.config()
	config.API = hookedAPI{f.api, cancel}
	f.handler = NewHandler(config)
	if err := f.handler.ProcessTask(ctx, f.put(testItem("a", ""))); err != nil {
		t.Fatal(err)
	}
	f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
}

// hookedAPI does something just before it sends.
type hookedAPI struct {
	*bce.Client
	before func()
}

func (h hookedAPI) CreateHaVIPBody(ctx context.Context, token string, body []byte) (*bce.CreateHaVIPOutput, error) {
	h.before()
	return h.Client.CreateHaVIPBody(ctx, token, body)
}

// A machine wakes up after the time of an attempt that was just begun: nothing is sent any more.
func TestHandlerSendsNothingAfterItsTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	config.API = hookedAPI{f.api, func() { t.Error("sent") }}
	f.handler = NewHandler(config)
	task := f.put(testItem("a", "10.1.2.3"))
	payload, err := f.handler.read(task)
	if err != nil {
		t.Fatal(err)
	}
	j := &job{payload: payload, pass: freePass{}}
	start, err := f.handler.begin(t.Context(), j, false)
	if err != nil {
		t.Fatal(err)
	}
	j.item, j.began = start.Item, time.Now().Add(-time.Hour).Round(0)
	var postpone *Postpone
	if err := f.handler.attempt(t.Context(), j); !errors.As(err, &postpone) {
		t.Errorf("got %v", err)
	}
	f.expect("a", facts{ledger.Queued, ClassNotSent, "", 1, 1})
}

// The intent is durable before a byte is sent.
func TestHandlerIntentComesFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	var during ledger.Record
	config.API = hookedAPI{f.api, func() { during = f.record("a") }}
	f.handler = NewHandler(config)
	f.done(f.put(testItem("a", "")))
	if diff := cmp.Diff(facts{ledger.Sending, "", "", 1, 0}, factsOf(during)); diff != "" {
		t.Errorf("while sending: %s", diff)
	}
}

// Nothing is sent whose intent cannot be recorded.
func TestHandlerSendsNothingWithoutRedis(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", ""))
	f.redis.Kill()
	f.postponed(task)
	if got := len(f.sim.Calls()); got != 0 {
		t.Errorf("%d calls", got)
	}
}

// Redis is away when the answer comes, and comes back: the outcome is recorded.
func TestHandlerRecordsWhenRedisIsBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	failing := &failingLog{HandlerLedger: f.ledger, failures: 3}
	config.Ledger = failing
	f.handler = NewHandler(config)
	f.done(f.put(testItem("a", "10.1.2.3")))
	f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
	if failing.failures != 0 {
		t.Error("recording did not fail as it should have")
	}
}

type failingLog struct {
	HandlerLedger
	failures int
}

func (f *failingLog) Record(ctx context.Context, batch, key string, known ledger.Known, n int, o ledger.Outcome) (lifecycle.Recorded, ledger.Record, error) {
	if f.failures > 0 {
		f.failures--
		return "", ledger.Record{}, errors.New("connection refused")
	}
	return f.HandlerLedger.Record(ctx, batch, key, known, n, o)
}

// A task that is retried finds the answer of its last request kept by this worker: that is recorded, and
// nothing is sent; while it cannot be, the item is let alone.
func TestHandlerRecordsBufferedOutcomeFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", "10.1.2.3"))
	start, err := f.ledger.Begin(t.Context(), testBatch, "a", ledger.Known{}, ledger.BeginOptions{Worker: "w1", Ticket: "t", Lease: attemptLease})
	if err != nil || start.Result != lifecycle.StartSend {
		t.Fatal(start.Result, err)
	}
	rec := start.Item.Record
	buffer := &fakeOutcomeBuffer{t: t, err: errors.New("connection refused"), u: PendingOutcome{
		Lane: testLane, Batch: testBatch, Key: "a", Send: rec.Sends, At: rec.LastSentAt, Worker: rec.Worker,
		Outcome: ledger.Outcome{Ticket: "t", State: ledger.Created, Class: string(ClassCreated), Counted: true, HaVIPID: "havip-a", PrivateIPAddress: "10.1.2.3"},
	}}
	buffer.recorder = Recorder{Ledger: f.ledger, Logger: zerolog.Nop()}
	config := f.config()
	config.OutcomeBuffer = buffer
	f.handler = NewHandler(config)
	f.clock.pass(attemptLease)
	f.postponed(task)
	f.expect("a", facts{ledger.Sending, "", "", 1, 0})
	buffer.err = nil
	f.done(task)
	f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
	if got := len(f.sim.Calls()); got != 0 {
		t.Errorf("%d requests whose answer was known", got)
	}
}

// fakeOutcomeBuffer is a keeper of one outcome, which cannot be recorded while err is set.
type fakeOutcomeBuffer struct {
	t        *testing.T
	recorder Recorder
	u        PendingOutcome
	err      error
}

func (k *fakeOutcomeBuffer) Add(_ context.Context, u PendingOutcome) { k.t.Errorf("kept: %s", u) }

func (k *fakeOutcomeBuffer) RecordItem(ctx context.Context, batch, key string) error {
	if k.err != nil || batch != k.u.Batch || key != k.u.Key {
		return k.err
	}
	return k.recorder.RecordLate(ctx, k.u)
}

// All that were signed with a wrong clock are signed again, not only the first of them.
func TestHandlersInFlightAllLearnTheClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.sim.Advance(3 * time.Hour)
	const inFlight = 8
	config := f.config()
	var ready, signed sync.WaitGroup
	ready.Add(inFlight)
	config.API = hookedAPI{f.api, func() {
		if f.api.ClockOffset() == 0 {
			ready.Done()
			ready.Wait()
		}
	}}
	f.handler = NewHandler(config)
	for i := range inFlight {
		task := f.put(testItem(fmt.Sprint("vip-", i), ""))
		signed.Go(func() {
			if err := f.handler.ProcessTask(t.Context(), task); err != nil {
				t.Error(err)
			}
		})
	}
	signed.Wait()
	if got := len(f.live()); got != inFlight {
		t.Errorf("%d of %d were created", got, inFlight)
	}
}

// Nothing new begins in a draining worker, not even at once.
func TestHandlerDoesNotBeginAgainWhileDraining(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.sim.Advance(3 * time.Hour)
	config := f.config()
	var h *Handler
	config.API = hookedAPI{f.api, func() { h.Drain() }}
	h = NewHandler(config)
	f.handler = h
	f.postponed(f.put(testItem("a", "")))
	if got := len(f.sim.Calls()); got != 1 {
		t.Errorf("%d calls, want the one that was in flight", got)
	}
}

// A foreign task does not declare a batch complete that its producer is still putting in.
func TestForeignTaskLeavesAProducersBatchOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	specs := specsOf(testBatch, []Row{{Item: testItem("first", "10.1.2.3")}})
	if _, err := f.ledger.Register(t.Context(), testBatch, ledger.Source{By: "producer"}, specs); err != nil {
		t.Fatal(err)
	}
	f.done(foreign(testItem("first", "10.1.2.3"), ""))
	f.done(foreign(testItem("foreign", ""), ""))
	batch, err := f.ledger.Batch(t.Context(), testBatch)
	if err != nil || batch.Done() || batch.Total != 2 {
		t.Fatalf("batch %+v, %v", batch, err)
	}
	if err := f.ledger.Commit(t.Context(), testBatch); err != nil {
		t.Fatal(err)
	}
	f.done(foreign(testItem("late", ""), ""))
	f.confirmed()
	if batch, err = f.ledger.Batch(t.Context(), testBatch); err != nil || !batch.Done() {
		t.Errorf("batch %+v, %v", batch, err)
	}
}

func TestHandlerDrains(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	waiting := make(chan struct{})
	config.Gate = gateFunc(func(ctx context.Context, _ string) (Pass, error) {
		close(waiting)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	f.handler = NewHandler(config)
	task := f.put(testItem("a", ""))
	decision := make(chan error)
	go func() { decision <- f.handler.ProcessTask(context.WithoutCancel(t.Context()), task) }()
	<-waiting
	f.handler.Drain()
	f.handler.Drain()
	var postpone *Postpone
	if err := <-decision; !errors.As(err, &postpone) {
		t.Errorf("waiting at the gate: got %v, want a Postpone", err)
	}
	f.postponed(task)
	f.expect("a", facts{ledger.Queued, "", "", 0, 0})
}

type gateFunc func(ctx context.Context, subnetID string) (Pass, error)

func (f gateFunc) Enter(ctx context.Context, subnetID string) (Pass, error) { return f(ctx, subnetID) }

func (f gateFunc) EnterDeletion(ctx context.Context) (Pass, error) { return f(ctx, "") }

// Every pass is given back once, with what became of the request.
func TestHandlerReportsToTheGate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, faults string
		wrongClock   bool
		want         []Class
	}{
		{"created", "", false, []Class{ClassCreated}},
		{"lane fault", "create:answer=#1:403/AccessDenied", false, []Class{ClassLaneFault}},
		{"unknown", "create:commit-500=#1", false, []Class{ClassUnknown}},
		{"a clock that is learned is nobody's fault", "", true, []Class{"", ClassCreated}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, test.faults)
			if test.wrongClock {
				f.sim.Advance(3 * time.Hour)
			}
			gate := &recordingGate{}
			config := f.config()
			config.Gate = gate
			f.handler = NewHandler(config)
			_ = f.process(f.put(testItem("a", "10.1.2.3")))
			if diff := cmp.Diff(test.want, gate.reported); diff != "" {
				t.Error(diff)
			}
			_ = f.process(f.put(testItem("finished", "10.1.2.4")))
			if gate.subnets[0] != "sbn-1" || len(gate.subnets) != len(gate.reported) {
				t.Errorf("%v entered, %d reported", gate.subnets, len(gate.reported))
			}
		})
	}
}

// recordingGate lets everybody through.
type recordingGate struct {
	subnets  []string
	reported []Class
}

func (g *recordingGate) Enter(_ context.Context, subnetID string) (Pass, error) {
	g.subnets = append(g.subnets, subnetID)
	return &recordingPass{gate: g}, nil
}

func (g *recordingGate) EnterDeletion(ctx context.Context) (Pass, error) { return g.Enter(ctx, "") }

type recordingPass struct {
	gate *recordingGate
	once sync.Once
}

func (*recordingPass) SuspendedFor() string { return "" }

func (p *recordingPass) Done(_ context.Context, o Outcome) {
	p.once.Do(func() { p.gate.reported = append(p.gate.reported, o.Class) })
}

// A held subnet says when to come again.
func TestHandlerObeysASuspendedSubnet(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	config.Gate = gateFunc(func(context.Context, string) (Pass, error) {
		return nil, fmt.Errorf("held: %w", &Postpone{After: 77 * time.Second, Reason: "subnet full"})
	})
	f.handler = NewHandler(config)
	if got := f.postponement(f.put(testItem("a", ""))).After; got != 77*time.Second {
		t.Errorf("retried after %v", got)
	}
	f.expect("a", facts{ledger.Queued, "", "", 0, 0})
}

// A worker that may have been found dead begins nothing.
func TestHandlerWithoutANameBeginsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	membership := &fakeMembership{err: errors.New("redis does not answer")}
	config.Membership = membership
	f.handler = NewHandler(config)
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.expect("a", facts{ledger.Queued, "", "", 0, 0})
	membership.err = nil
	f.done(task)
	f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
	if diff := cmp.Diff([]string{"hold b/a", "let go", "hold b/a", "let go"}, membership.held); diff != "" {
		t.Error(diff)
	}
}

// A worker's silence counts from its last beat on, and so its request is bounded from there: an attempt that is
// begun some time after that beat needs as much more of it.
func TestHandlerBoundsItsRequestFromTheLastBeat(t *testing.T) {
	t.Parallel()
	for _, ago := range []time.Duration{0, 2 * time.Second, 6 * time.Second} {
		h := NewHandler(HandlerConfig{Membership: &fakeMembership{beatAgo: ago}, Ledger: ledger.New(nil), API: new(bce.Client)})
		began := time.Now()
		_, request, err := h.name(t.Context(), &job{began: began})
		if over := h.requestBound() + ago; err != nil || request < over-time.Since(began) || request > over {
			t.Errorf("a beat %s ago: over after a silence of %s, %v; want %s", ago, request, err, over)
		}
	}
}

type fakeMembership struct {
	err  error
	held []string
	// beatAgo is how long ago the last beat was.
	beatAgo time.Duration
}

func (p *fakeMembership) Name(context.Context) (string, time.Time, error) {
	return "w9", time.Now().Add(-p.beatAgo), p.err
}

func (p *fakeMembership) ClaimItem(_ context.Context, batch, key string) func() {
	p.held = append(p.held, "hold "+batch+"/"+key)
	return func() { p.held = append(p.held, "let go") }
}

// Our clock is right again: the first answer shows it, and no request has to be refused for it.
func TestHandlerUnlearnsTheClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.api.SetClockOffset(20 * time.Minute)
	f.done(f.put(testItem("a", "10.1.2.3")))
	if got := f.api.ClockOffset(); got != 0 {
		t.Errorf("still signing with an offset of %s", got)
	}
	f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
}

// A worker whose clock is wrong by less than BCE allows for creates everything at once all the same, also
// when its clock steps while it runs, and signs with BCE's clock before long.
func TestHandlerOfAWrongClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{20 * time.Minute, -20 * time.Minute, 3 * time.Hour, 0} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			for n, step := range []time.Duration{ahead, 0, 0, -2 * ahead, 0, 0} {
				f.sim.Advance(step)
				key := fmt.Sprint("vip-", n)
				f.done(f.put(testItem(key, fmt.Sprint("10.1.2.", n+10))))
				if rec := f.record(key); rec.State != ledger.Created {
					t.Errorf("%s: %+v", key, rec)
				}
			}
			if got := f.api.ClockOffset(); (got + ahead).Abs() > 30*time.Second {
				t.Errorf("offset %s, want %s", got, -ahead)
			}
			if got := len(f.live()); got != 6 {
				t.Errorf("%d exist", got)
			}
		})
	}
}

// While it is wrong, the offset stays.
func TestHandlerKeepsTheOffsetOfAWrongClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.sim.Advance(3 * time.Hour)
	f.api.SetClockOffset(3 * time.Hour)
	f.done(f.put(testItem("a", "10.1.2.3")))
	if got := f.api.ClockOffset(); got != 3*time.Hour {
		t.Errorf("offset %s", got)
	}
}

// Another attempt in flight, of a worker that may be alive: it is watched for its lease, whatever Redis's clock
// says.
func TestHandlerWaitsForAnotherAttempt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", ""))
	if _, err := f.ledger.Begin(t.Context(), testBatch, "a", ledger.Known{}, ledger.BeginOptions{Worker: "w0", Ticket: "t", Lease: attemptLease}); err != nil {
		t.Fatal(err)
	}
	if postpone := f.postponement(task); postpone.After < attemptLease {
		t.Errorf("retried in %v, inside the lease of %v", postpone.After, attemptLease)
	}
	for _, step := range []time.Duration{20 * time.Second, 9 * time.Hour, -18 * time.Hour} {
		f.clock.pass(step)
		f.postponed(task)
	}
	if got := len(f.sim.Calls()); got != 0 {
		t.Errorf("%d calls beside a live attempt", got)
	}
	f.clock.pass(9 * time.Hour)
	f.handler.others.ahead = attemptLease
	f.done(task)
	f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2})
}

func TestHandlerLogsOneLineAnAttempt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1")
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	f.done(task)
	lines := strings.Split(strings.TrimSpace(f.logs.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), f.logs)
	}
	for _, field := range []string{`"batch":"b"`, `"key":"a"`, `"attempt":1`, `"class":"unknown"`, `"code":"InternalError"`, `"request_id":"`, `"duration":`, `"status":500`} {
		if !strings.Contains(lines[0], field) {
			t.Errorf("no %s in %s", field, lines[0])
		}
	}
}

// asynq forgets the fraction of the second in which a task is due.
func TestDueInFull(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct{ past, delay, want time.Duration }{
		{0, 5 * time.Second, 5 * time.Second},
		{time.Millisecond, 5 * time.Second, 5999 * time.Millisecond},
		{950 * time.Millisecond, time.Second, 1050 * time.Millisecond},
		{999 * time.Millisecond, 1001 * time.Millisecond, 1001 * time.Millisecond},
		{999 * time.Millisecond, 1002 * time.Millisecond, 2001 * time.Millisecond},
		{500 * time.Millisecond, 999 * time.Millisecond, 999 * time.Millisecond},
		{500 * time.Millisecond, 0, 0},
	} {
		if got := dueInFull(second.Add(test.past), test.delay); got != test.want {
			t.Errorf("a delay of %v from %v after the second: %v, want %v", test.delay, test.past, got, test.want)
		}
	}
}

func TestRetryDelayFuncOfAnythingElse(t *testing.T) {
	t.Parallel()
	if d := RetryDelayFunc(0, errors.New("lease expired"), nil); d > time.Second {
		t.Errorf("first delay %v", d)
	}
	if !IsFailure(errors.New("panic")) {
		t.Error("what the handler did not decide is a failure")
	}
}
