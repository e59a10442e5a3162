package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

var bj = tasks.Lane{Account: "default", Region: "bj"}

// fixture is the metrics of a worker over a Redis that has something of everything.
type fixture struct {
	*Metrics
	state *State
	redis *redistest.Server
	rdb   redis.UniversalClient
	// now is the state's clock.
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{redis: redistest.Start(t), now: time.Now()}
	rdb, err := redisconn.Open(t.Context(), f.redis.URL()) // as a worker does
	must(t, err)
	t.Cleanup(func() { _ = rdb.Close() })
	f.rdb = rdb
	f.fill(t)
	f.state = NewState(f.rdb, 20*time.Hour, zerolog.Nop())
	f.state.now = func() time.Time { return f.now }
	f.Metrics = New(f.state)
	f.Started(fakeWorker{pending: 2, since: time.Now().Add(-time.Minute)})
	f.act()
	return f
}

// fill has a batch with an item of unknown outcome, and a lane with everything.
func (f *fixture) fill(t *testing.T) {
	t.Helper()
	ctx, records := t.Context(), ledger.New(f.rdb)
	var specs []ledger.Spec
	for _, key := range []string{"a", "b"} {
		specs = append(specs, ledger.Spec{Key: key, Fingerprint: key, ClientToken: "token-" + key, Account: bj.Account, Region: bj.Region, Body: "{}"})
	}
	_, err := records.Register(ctx, "b", ledger.Source{}, specs)
	must(t, err)
	must(t, records.Commit(ctx, "b"))
	start, err := records.Begin(ctx, "b", "a", ledger.Known{}, ledger.BeginOptions{Worker: "w", Ticket: "t", Lease: time.Minute})
	must(t, err)
	_, _, err = records.Record(ctx, "b", "a", start.Known, 1, ledger.Outcome{State: ledger.Unknown, Class: "unknown", Counted: true, Unknown: true, Ticket: "t"})
	must(t, err)
	f.fillFailed(t, records)
	must(t, records.Enter(ctx, "w", nil))
	must(t, queue.Publish(ctx, f.rdb, []tasks.Lane{bj}))
	_, err = asynq.NewClientFromRedisClient(f.rdb).EnqueueContext(ctx, asynq.NewTask("any", nil), asynq.Queue(bj.QueueOf(tasks.PriorityHigh)))
	must(t, err)
	operator := lane.NewOperator(f.rdb, bj.String())
	_, err = operator.SetLimit(ctx, 7, lane.Act{By: "someone"})
	must(t, err)
	_, _, err = operator.Pause(ctx, lane.Act{By: "someone"})
	must(t, err)
	breaker := lane.NewBreaker(f.rdb, bj.String())
	_, err = breaker.Trip(ctx, lane.Admission{}, lane.Fault{Target: lane.TargetLane, Code: "SignatureDoesNotMatch"})
	must(t, err)
}

// fillFailed has a batch that its failure paused, one whose notification has failed, and one whose notification is pending.
func (f *fixture) fillFailed(t *testing.T, records *ledger.Ledger) {
	t.Helper()
	ctx := t.Context()
	put := func(batch string, source ledger.Source, keys ...string) {
		var specs []ledger.Spec
		for _, key := range keys {
			specs = append(specs, ledger.Spec{Key: key, Fingerprint: key, ClientToken: batch + key, Account: bj.Account, Region: bj.Region, Body: "{}"})
		}
		_, err := records.Register(ctx, batch, source, specs)
		must(t, err)
		must(t, records.SetOnComplete(ctx, batch, "https://ops.example.com/"))
		must(t, records.Commit(ctx, batch))
		_, _, err = records.Settle(ctx, batch, "a", ledger.Rejected, "Refused", "refused")
		must(t, err)
	}
	put("paused", ledger.Source{MaxFailures: "0"}, "a", "b")
	put("pending", ledger.Source{}, "a")
	put("failed", ledger.Source{}, "a", "b")
	_, _, err := records.Settle(ctx, "failed", "b", ledger.Rejected, "Refused", "refused")
	must(t, err)
	b, err := records.Batch(ctx, "failed")
	must(t, err)
	_, err = records.RecordNotification(ctx, b, b.PendingNotifications[0], ledger.NotificationFailed, "404")
	must(t, err)
}

// act has the worker do something of everything.
func (f *fixture) act() {
	f.Attempted(tasks.Attempted{
		Lane: bj, Operation: tasks.OpCreate, Outcome: tasks.Outcome{Class: tasks.ClassThrottled, Status: 429, Code: "RateLimit"},
		Took: time.Second, IsFirst: true, Queued: time.Minute,
	})
	f.Suspended(bj, "NeverSeenBefore")
	f.Heartbeat(time.Millisecond, nil)
	f.Heartbeat(time.Second, errors.New("no Redis"))
	f.Repaired(worker.RepairRescue, 3)
}

type fakeWorker struct {
	pending int
	since   time.Time
}

func (w fakeWorker) Pending() (int, time.Time) { return w.pending, w.since }

func (w fakeWorker) ClockOffsets() map[tasks.Lane]time.Duration {
	return map[tasks.Lane]time.Duration{bj: time.Hour}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scrape returns what /metrics answers, the value of each series.
func (f *fixture) scrape(t *testing.T) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	f.Handler(zerolog.Nop()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	series := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if number, err := strconv.ParseFloat(value, 64); err == nil && name != "#" {
			series[name] = number
		}
	}
	return series
}

func TestValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.now = time.Now().Add(time.Hour)
	got := f.scrape(t)
	for series, want := range map[string]float64{
		`havip_attempts_total{class="throttled",code="throttling",lane="default/bj",operation="create"}`: 1,
		`havip_call_duration_seconds_count{lane="default/bj",operation="create"}`:                        1,
		`havip_queue_wait_seconds_sum{lane="default/bj"}`:                                                60,
		`havip_lane_suspensions_opened_total{code="other",lane="default/bj"}`:                            1,
		`havip_heartbeats_total{result="succeeded"}`:                                                     1,
		`havip_heartbeats_total{result="failed"}`:                                                        1,
		`havip_redis_round_trip_seconds_count`:                                                           1,
		`havip_repairs_total{repair="rescued_item"}`:                                                     3,
		`havip_repairs_total{repair="lost_ack"}`:                                                         0,
		`havip_pending_outcomes`:                                                                         2,
		`havip_clock_offset_seconds{lane="default/bj"}`:                                                  3600,
		`havip_redis_up`:                                                                       1,
		`havip_items{state="queued"}`:                                                          2,
		`havip_items{state="unknown"}`:                                                         1,
		`havip_items{state="review"}`:                                                          0,
		`havip_batches{status="running"}`:                                                      1,
		`havip_batches{status="paused"}`:                                                       1,
		`havip_batches{status="finished"}`:                                                     2,
		`havip_batches_paused{cause="failures"}`:                                               1,
		`havip_batches_paused{cause="operator"}`:                                               0,
		`havip_notifications{status="pending"}`:                                                1,
		`havip_notifications{status="failed"}`:                                                 1,
		`havip_lane_rate_configured{lane="default/bj"}`:                                        7,
		`havip_lane_rate_allowed{lane="default/bj",operation="create"}`:                        7,
		`havip_lane_rate_used{lane="default/bj",operation="create"}`:                           0,
		`havip_lane_suspensions{code="SignatureDoesNotMatch",lane="default/bj",target="lane"}`: 1,
		`havip_lane_paused{lane="default/bj"}`:                                                 1,
		`havip_lane_workers{lane="default/bj"}`:                                                0,
		`havip_lane_tasks{lane="default/bj"}`:                                                  1,
		`havip_workers`:                                                                        1,
	} {
		if value, ok := got[series]; !ok || value != want {
			t.Errorf("%s: got %v (%t), want %v", series, value, ok, want)
		}
	}
	for series, want := range map[string]time.Duration{
		`havip_open_batch_oldest_age_seconds`:           time.Hour,
		`havip_open_item_oldest_unchanged_seconds`:      time.Hour,
		`havip_unknown_outcome_oldest_age_seconds`:      time.Hour,
		`havip_unknown_outcome_token_remaining_seconds`: 19 * time.Hour,
		`havip_pending_outcome_oldest_age_seconds`:      time.Minute,
		`havip_redis_clock_offset_seconds`:              0,
	} {
		if off := got[series] - want.Seconds(); off < -60 || off > 60 {
			t.Errorf("%s: got %v, want about %v", series, got[series], want.Seconds())
		}
	}
}

// Several scrapes within a few seconds read Redis once.
func TestScrapesShareARead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	calls := func() string {
		t.Helper()
		info, err := f.rdb.Info(t.Context(), "commandstats").Result()
		must(t, err)
		for line := range strings.Lines(info) {
			if strings.HasPrefix(line, "cmdstat_zrevrange:") {
				return line
			}
		}
		return ""
	}
	f.scrape(t)
	before := calls()
	f.scrape(t)
	if after := calls(); before == "" || after != before {
		t.Errorf("batches were read again: %q, then %q", before, after)
	}
	f.now = f.now.Add(stateAge)
	f.scrape(t)
	if after := calls(); after == before {
		t.Error("an old read was served")
	}
}

// Without Redis, a scrape waits no longer than its timeout, and the process's own metrics are served.
func TestScrapeWithoutRedis(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.redis.Stop()
	t.Cleanup(f.redis.Resume)
	f.state.now = time.Now
	var took []float64
	for range 3 {
		got := f.scrape(t)
		took = append(took, got["havip_state_read_duration_seconds"])
		if got["havip_redis_up"] != 0 || got[`havip_repairs_total{repair="rescued_item"}`] != 3 || got["havip_pending_outcomes"] != 2 {
			t.Errorf("got %v", got)
		}
		if _, ok := got[`havip_items{state="queued"}`]; ok {
			t.Error("items without Redis")
		}
	}
	if took[0] < 1 || took[1] != took[0] || took[2] != took[0] {
		t.Errorf("reads took %v s; want one, and its failure shared", took)
	}
}

// A panic in a read leaves the rest.
func TestPanicWhileReading(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.state.rdb = panicking{f.rdb}
	if got := f.scrape(t); got["havip_redis_up"] != 0 || got["havip_workers"] != 1 || got[`havip_heartbeats_total{result="failed"}`] != 1 {
		t.Errorf("got %v", got)
	}
}

type panicking struct{ redis.Cmdable }

func (panicking) Info(context.Context, ...string) *redis.StringCmd { panic("no info") }

func TestLint(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	problems, err := testutil.GatherAndLint(f.registry)
	must(t, err)
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "havip_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// docs/metrics.md lists every metric with its type and labels, and no other.
func TestDocumented(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	families, err := f.registry.Gather()
	must(t, err)
	var exported []string
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "havip_") {
			continue
		}
		var labels []string
		for _, label := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, label.GetName())
		}
		exported = append(exported, strings.Join([]string{family.GetName(), strings.ToLower(family.GetType().String()), strings.Join(labels, ", ")}, " | "))
	}
	text, err := os.ReadFile("../../docs/metrics.md")
	must(t, err)
	var documented []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| `havip_") {
			continue
		}
		if len(cells) != 5 {
			t.Errorf("%d cells: %s", len(cells), line)
			continue
		}
		documented = append(documented, strings.Trim(cells[0], "| `")+" | "+cells[1]+" | "+cells[2])
	}
	slices.Sort(documented)
	if diff := cmp.Diff(exported, documented); diff != "" {
		t.Errorf("exported (-) and documented (+) metrics differ:\n%s", diff)
	}
}
