package audit

import (
	"context"
	"fmt"
	"net/http/httptest"
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
	"havip/tasks"
	"havip/test/redistest"
)

var bj = tasks.Lane{Account: "default", Region: "bj"}

// site is a real Redis and a simulated BCE.
type site struct {
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	sim    *bcesim.Server
	api    *bce.Client
}

func newSite(t *testing.T, lines ...string) *site {
	t.Helper()
	server := redistest.Start(t, redistest.AppendOnly(redistest.EverySecond), redistest.Lines(lines...))
	rdb, err := redisconn.Open(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	sim := bcesim.New(bcesim.Options{})
	web := httptest.NewServer(sim)
	api, err := bce.NewClient(bce.Config{
		Endpoint:    web.URL,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
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
	return &site{rdb: rdb, ledger: ledger.New(rdb), sim: sim, api: api}
}

// enqueue puts a batch b of items with these names in, each with its task.
func (s *site) enqueue(t *testing.T, names ...string) {
	t.Helper()
	rows := func(yield func(tasks.Row, error) bool) {
		for i, name := range names {
			item := tasks.Item{Request: wanted(name, "")}.WithDefaults("bj")
			if !yield(tasks.Row{Line: i + 2, Item: item}, nil) {
				return
			}
		}
	}
	producer := tasks.NewProducer(s.ledger, asynq.NewClientFromRedisClient(s.rdb))
	if err := producer.Apply(t.Context(), "b", ledger.Source{}, rows, nil); err != nil {
		t.Fatal(err)
	}
}

// create makes the item's HaVIP and records it, as a worker does.
func (s *site) create(t *testing.T, key string) string {
	t.Helper()
	ctx := t.Context()
	start, err := s.ledger.Begin(ctx, "b", key, ledger.BeginOptions{Worker: "w", Ticket: key, Lease: time.Minute})
	if err != nil || start.Verdict != ledger.Begun {
		t.Fatalf("begin %s: %s, %v", key, start.Verdict, err)
	}
	out, err := s.api.CreateHaVIPBody(ctx, start.Item.Record.ClientToken, []byte(start.Item.Body))
	if err != nil {
		t.Fatal(err)
	}
	s.claim(t, out.HaVIPID, key)
	s.record(t, key, start.Item.Record.Sends, ledger.Outcome{State: ledger.Created, Class: "created", HaVIPID: out.HaVIPID})
	return out.HaVIPID
}

func (s *site) claim(t *testing.T, id, key string) {
	t.Helper()
	if _, err := s.ledger.ClaimHaVIP(t.Context(), bj.String(), id, ledger.Owner{Batch: "b", Key: key}); err != nil {
		t.Fatal(err)
	}
}

func (s *site) record(t *testing.T, key string, n int, outcome ledger.Outcome) {
	t.Helper()
	if verdict, _, err := s.ledger.Record(t.Context(), "b", key, n, outcome); err != nil || verdict != ledger.Applied {
		t.Fatalf("record %s: %s, %v", key, verdict, err)
	}
}

// stray creates a HaVIP that no item knows of.
func (s *site) stray(t *testing.T, name string) string {
	t.Helper()
	out, err := s.api.CreateHaVIPBody(t.Context(), "stray-"+name, wanted(name, "").Body())
	if err != nil {
		t.Fatal(err)
	}
	return out.HaVIPID
}

func (s *site) open(context.Context, tasks.Lane) (Cloud, error) { return s.api, nil }

func (s *site) queueKey(name string) string { return queue.Of(s.rdb, bj).Key(name) }

func (s *site) taskKey(key string) string { return s.queueKey("t:") + tasks.TaskID("b", key, 1) }

// do runs commands of Redis.
func (s *site) do(t *testing.T, commands ...[]any) {
	t.Helper()
	for _, command := range commands {
		if err := s.rdb.Do(t.Context(), command...).Err(); err != nil {
			t.Fatalf("%v: %v", command, err)
		}
	}
}

func (s *site) state(t *testing.T, key string) string {
	t.Helper()
	state, err := s.rdb.HGet(t.Context(), s.taskKey(key), "state").Result()
	if err != nil {
		t.Fatalf("task of %s: %v", key, err)
	}
	return state
}

func TestVerifyForReal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "ok", "gone", "renamed", "twice", "lost", "failed")
	ids := map[string]string{}
	for _, key := range []string{"ok", "gone", "renamed", "twice"} {
		ids[key] = s.create(t, key)
	}
	start, err := s.ledger.Begin(t.Context(), "b", "failed", ledger.BeginOptions{Worker: "w", Ticket: "t", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s.record(t, "failed", start.Item.Record.Sends, ledger.Outcome{State: ledger.Rejected, Class: "rejected", Code: "No"})
	if _, err := s.api.DeleteHaVIP(t.Context(), ids["gone"], ""); err != nil {
		t.Fatal(err)
	}
	name, description := "other", "new"
	if _, err := s.api.UpdateHaVIP(t.Context(), ids["renamed"], "", bce.UpdateHaVIPInput{Name: &name, Description: &description}); err != nil {
		t.Fatal(err)
	}
	ids["second"] = s.stray(t, "twice")
	s.claim(t, ids["second"], "twice")
	ids["leaked"], ids["lost"], ids["failed"] = s.stray(t, "ok"), s.stray(t, "lost"), s.stray(t, "failed")

	v := &Verifier{Ledger: s.ledger, Open: s.open, Clock: func(ctx context.Context) (time.Time, error) { return s.rdb.Time(ctx).Result() }}
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

// Every page is a request that the lane's rate admits.
func TestVerifyKeepsTheLanesPace(t *testing.T) {
	t.Parallel()
	r, s := &records{items: []ledger.Item{created("a", "h-0")}}, &sky{}
	for i := range 5 {
		s.havips = append(s.havips, havip(fmt.Sprint("h-", i), "a", fmt.Sprint("10.0.0.", i)))
	}
	admitted, progress := new(rate), []string(nil)
	v := &Verifier{
		Ledger: r, Open: func(context.Context, tasks.Lane) (Cloud, error) { return s, nil },
		Rate:    func(tasks.Lane) tasks.Rate { return admitted },
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
