package audit

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
	"havip/test/redistest"
)

// patience is a safety timeout, far longer than a request takes on any machine.
const patience = 5 * time.Minute

var bj = tasks.Lane{Account: "default", Region: "bj"}

// auditFixture is a real Redis and a simulated BCE.
type auditFixture struct {
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	sim    *bcesim.Server
	api    *bce.Client
	clock  *stoppableClock
}

// stoppableClock is the clock of this machine and of BCE, and the result of TIME on the fixture's
// client. It runs until stop; the time of scripts in Redis continues.
type stoppableClock struct {
	mu      sync.Mutex
	stopped time.Time
}

// stop stops the clock at a whole second, as in BCE's Date, and returns the time.
func (c *stoppableClock) stop() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = time.Now().Truncate(time.Second)
	return c.stopped
}

func (c *stoppableClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		return time.Now()
	}
	return c.stopped
}

func (c *stoppableClock) isHeld() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.stopped.IsZero()
}

func (c *stoppableClock) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *stoppableClock) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if asked, ok := cmd.(*redis.TimeCmd); ok && c.isHeld() {
			asked.SetVal(c.Now())
			return nil
		}
		return next(ctx, cmd)
	}
}

func (c *stoppableClock) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func newAuditFixture(t *testing.T, lines ...string) *auditFixture {
	t.Helper()
	server := redistest.Start(t, redistest.AppendOnly(redistest.EverySecond), redistest.Lines(lines...))
	rdb, err := redisconn.Open(t.Context(), redistest.Patient(server.URL()))
	if err != nil {
		t.Fatal(err)
	}
	clock := &stoppableClock{}
	rdb.AddHook(clock)
	sim := bcesim.New(bcesim.Options{Now: clock.Now})
	web := httptest.NewServer(sim)
	api, err := bce.NewClient(bce.Config{
		Endpoint:    web.URL,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
		Now:         clock.Now,
		Timeouts:    bce.Timeouts{Dial: patience, ResponseHeader: patience, Total: patience},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		api.CloseIdleConnections()
		sim.Close()
		web.Close()
		_ = rdb.Close()
	})
	return &auditFixture{rdb: rdb, ledger: ledger.New(rdb), sim: sim, api: api, clock: clock}
}

// enqueue enqueues a batch b of items with these names.
func (f *auditFixture) enqueue(t *testing.T, names ...string) {
	t.Helper()
	rows := func(yield func(tasks.Row, error) bool) {
		for i, name := range names {
			item := tasks.Item{Request: wanted(name, "")}.WithDefaults("bj")
			if !yield(tasks.Row{Line: i + 2, Item: item}, nil) {
				return
			}
		}
	}
	producer := tasks.NewProducer(f.ledger, asynq.NewClientFromRedisClient(f.rdb), f.rdb)
	if err := producer.Apply(t.Context(), "b", ledger.Source{}, rows, nil); err != nil {
		t.Fatal(err)
	}
}

// create creates the item's HaVIP and records it, as a worker does.
func (f *auditFixture) create(t *testing.T, key string) string {
	t.Helper()
	ctx := t.Context()
	start, err := f.ledger.Begin(ctx, "b", key, ledger.Known{}, ledger.BeginOptions{Worker: "w", Ticket: key, Lease: time.Minute})
	if err != nil || start.Result != lifecycle.StartSend {
		t.Fatalf("begin %s: %s, %v", key, start.Result, err)
	}
	out, err := f.api.CreateHaVIPBody(ctx, start.Item.Record.ClientToken, []byte(start.Item.Body))
	if err != nil {
		t.Fatal(err)
	}
	f.claim(t, out.HaVIPID, key)
	f.record(t, key, start.Item.Record.Sends, ledger.Outcome{State: ledger.Created, Class: "created", HaVIPID: out.HaVIPID})
	look := ledger.Look{Key: key, HaVIPID: out.HaVIPID, Shown: &ledger.ListedHaVIP{At: time.Now()}}
	if _, err := f.ledger.Confirm(ctx, "b", []ledger.Look{look}); err != nil {
		t.Fatal(err)
	}
	return out.HaVIPID
}

func (f *auditFixture) claim(t *testing.T, id, key string) {
	t.Helper()
	if _, err := f.ledger.ClaimHaVIP(t.Context(), bj.String(), id, ledger.Owner{Batch: "b", Key: key}); err != nil {
		t.Fatal(err)
	}
}

func (f *auditFixture) record(t *testing.T, key string, n int, outcome ledger.Outcome) {
	t.Helper()
	if result, _, err := f.ledger.Record(t.Context(), "b", key, ledger.Known{}, n, outcome); err != nil || result != lifecycle.RecordedApplied {
		t.Fatalf("record %s: %s, %v", key, result, err)
	}
}

// leak creates a HaVIP that belongs to no item.
func (f *auditFixture) leak(t *testing.T, name string) string {
	t.Helper()
	out, err := f.api.CreateHaVIPBody(t.Context(), "leak-"+name, wanted(name, "").Body())
	if err != nil {
		t.Fatal(err)
	}
	return out.HaVIPID
}

func (f *auditFixture) open(context.Context, tasks.Lane) (Cloud, error) { return f.api, nil }

func (f *auditFixture) queueKey(name string) string { return queue.Of(f.rdb, bj).Normal.Key(name) }

func (f *auditFixture) taskKey(key string) string {
	return f.queueKey("t:") + tasks.TaskID("b", key, 1)
}

// do runs Redis commands.
func (f *auditFixture) do(t *testing.T, commands ...[]any) {
	t.Helper()
	for _, command := range commands {
		if err := f.rdb.Do(t.Context(), command...).Err(); err != nil {
			t.Fatalf("%v: %v", command, err)
		}
	}
}

func (f *auditFixture) state(t *testing.T, key string) string {
	t.Helper()
	state, err := f.rdb.HGet(t.Context(), f.taskKey(key), "state").Result()
	if err != nil {
		t.Fatalf("task of %s: %v", key, err)
	}
	return state
}

func TestVerifyForReal(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "ok", "gone", "renamed", "twice", "lost", "failed")
	ids := map[string]string{}
	for _, key := range []string{"ok", "gone", "renamed", "twice"} {
		ids[key] = f.create(t, key)
	}
	start, err := f.ledger.Begin(t.Context(), "b", "failed", ledger.Known{}, ledger.BeginOptions{Worker: "w", Ticket: "t", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	f.record(t, "failed", start.Item.Record.Sends, ledger.Outcome{State: ledger.Rejected, Class: "rejected", Code: "No"})
	if _, err := f.api.DeleteHaVIP(t.Context(), ids["gone"], ""); err != nil {
		t.Fatal(err)
	}
	name, description := "other", "new"
	if _, err := f.api.UpdateHaVIP(t.Context(), ids["renamed"], "", bce.UpdateHaVIPInput{Name: &name, Description: &description}); err != nil {
		t.Fatal(err)
	}
	ids["second"] = f.leak(t, "twice")
	f.claim(t, ids["second"], "twice")
	ids["leaked"], ids["lost"], ids["failed"] = f.leak(t, "ok"), f.leak(t, "lost"), f.leak(t, "failed")

	v := &Verifier{Ledger: f.ledger, Open: f.open, Clock: func(ctx context.Context) (time.Time, error) { return f.rdb.Time(ctx).Result() }}
	var findings []Finding
	tally, err := v.Verify(t.Context(), "b", func(f Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"leaked ok " + ids["leaked"]: true, "missing gone " + ids["gone"]: true, "changed renamed " + ids["renamed"]: true,
		"duplicated twice " + ids["second"]: true, "unrecorded lost " + ids["lost"]: true, "unrecorded failed " + ids["failed"]: true,
	}
	for _, word := range textsOf(findings) {
		if !want[word] {
			t.Errorf("unexpected: %s", word)
		}
		delete(want, word)
	}
	if len(want) > 0 || tally.Items != 6 || tally.HaVIPs != 7 {
		t.Errorf("not found: %v; tally %s", want, tally)
	}
}

// The lane's rate limits the pages.
func TestVerifyKeepsTheLanesPace(t *testing.T) {
	t.Parallel()
	r, s := &records{items: []ledger.Item{created("a", "h-0")}}, &sky{}
	for i := range 5 {
		s.havips = append(s.havips, havip(fmt.Sprint("h-", i), "a", fmt.Sprint("10.0.0.", i)))
	}
	admitted, progress := new(rate), []string(nil)
	v := &Verifier{
		Ledger: r, Open: func(context.Context, tasks.Lane) (Cloud, error) { return s, nil },
		Reader:  func(tasks.Lane) tasks.Reader { return tasks.Reader{Rate: admitted} },
		Listing: func(_ tasks.Lane, n int, all bool) { progress = append(progress, fmt.Sprint(n, all)) },
		Clock:   func(context.Context) (time.Time, error) { return one, nil },
	}
	if _, err := v.Verify(t.Context(), "b", func(Finding) error { return nil }); err != nil || s.lists != 3 || *admitted != 3 {
		t.Errorf("%d pages, %d admitted: %v", s.lists, *admitted, err)
	}
	if diff := cmp.Diff([]string{"2 false", "4 false", "5 true"}, progress); diff != "" {
		t.Error(diff)
	}
}
