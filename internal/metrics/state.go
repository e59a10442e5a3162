package metrics

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// The bounds of one read.
const (
	// stateTimeout bounds the wait for Redis.
	stateTimeout = 2 * time.Second
	// stateAge is for how long a read serves further scrapes.
	stateAge = 5 * time.Second
	// maxBatches and maxLanes bound what is read: the newest batches, and the first lanes by name.
	maxBatches, maxLanes = 1000, 50
)

// State collects what is in Redis, which is the same for all workers. It is read at most every few seconds, however many scrape, and
// a scrape never waits longer than two seconds for Redis: what could not be read until then is left out.
type State struct {
	rdb         redis.Cmdable
	ledger      *ledger.Ledger
	tokenMaxAge time.Duration
	log         zerolog.Logger
	now         func() time.Time

	// mu is locked during a read, so that other scrapes wait for its result.
	mu   sync.Mutex
	read time.Time
	last []prometheus.Metric
}

// NewState returns a collector of the state in Redis. An item of unknown outcome may be sent again for tokenMaxAge.
func NewState(rdb redis.Cmdable, tokenMaxAge time.Duration, log zerolog.Logger) *State {
	return &State{rdb: rdb, ledger: ledger.New(rdb), tokenMaxAge: tokenMaxAge, log: log, now: time.Now}
}

var (
	redisUpDesc       = desc("havip_redis_up", "1 if the last read of the metrics below from Redis succeeded, else 0; those that could not be read are then missing.")
	readDurationDesc  = desc("havip_state_read_duration_seconds", "Duration of that read.")
	itemsDesc         = desc("havip_items", "Items of the newest 1000 batches, by state.", "state")
	batchesDesc       = desc("havip_batches", "The newest 1000 batches: running, paused or finished.", "status")
	batchesPausedDesc = desc("havip_batches_paused", "Paused batches with unfinished items, among the newest 1000: paused by their failures, or by an operator.", "cause")
	notificationsDesc = desc("havip_notifications", "Completion notifications of the newest 1000 batches: pending ones, and batches whose last one has finally failed.", "status")
	batchAgeDesc      = desc("havip_open_batch_oldest_age_seconds", "Age of the oldest batch that has unfinished items and is not paused; 0 if there is none.")
	unchangedDesc     = desc("havip_open_item_oldest_unchanged_seconds", "Time since the last change of the unfinished item that has been unchanged for the longest time, in batches that are not paused; 0 if there is none.")
	unknownDesc       = desc("havip_unknown_outcome_oldest_age_seconds", "Time for which the outcome of an item has been unknown, for the one that has waited longest; 0 if there is none.")
	tokenLifeDesc     = desc("havip_unknown_outcome_token_remaining_seconds", "Time until that item's clientToken is not sent again without a lookup (worker --token-max-age); negative after that; missing if there is no such item.")
	configuredDesc    = desc("havip_lane_rate_configured", "Limit of a lane in requests a second, as an operator or all workers have set it; +Inf for none.", "lane")
	allowedDesc       = desc("havip_lane_rate_allowed", "Rate in requests a second that the lane may use now: lower than the limit while BCE refuses requests for their rate; +Inf for none.", "lane", "operation")
	usedDesc          = desc("havip_lane_rate_used", "Rate of the last seconds in requests a second; not counted for a lane without a limit.", "lane", "operation")
	suspensionsDesc   = desc("havip_lane_suspensions", "Suspensions of a lane or of its subnets, by the family of BCE's code.", "lane", "target", "code")
	pausedDesc        = desc("havip_lane_paused", "1 if an operator has paused the lane.", "lane")
	laneWorkersDesc   = desc("havip_lane_workers", "Workers that serve the lane.", "lane")
	laneTasksDesc     = desc("havip_lane_tasks", "Tasks of the lane that run or will run, of all priorities.", "lane")
	workersDesc       = desc("havip_workers", "Workers that are not declared dead.")
	redisFindingsDesc = desc("havip_redis_findings", "Findings about Redis, as enqueue doctor reports them.", "code", "severity")
	redisClockDesc    = desc("havip_redis_clock_offset_seconds", "How far Redis's clock is ahead of this machine's.")

	stateDescs = []*prometheus.Desc{
		redisUpDesc, readDurationDesc, itemsDesc, batchesDesc, batchesPausedDesc, notificationsDesc, batchAgeDesc, unchangedDesc, unknownDesc, tokenLifeDesc, configuredDesc,
		allowedDesc, usedDesc, suspensionsDesc, pausedDesc, laneWorkersDesc, laneTasksDesc, workersDesc, redisFindingsDesc,
		redisClockDesc,
	}
)

// Describe implements [prometheus.Collector].
func (s *State) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range stateDescs {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (s *State) Collect(ch chan<- prometheus.Metric) {
	for _, metric := range s.metrics() {
		ch <- metric
	}
}

func (s *State) metrics() []prometheus.Metric {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && s.now().Sub(s.read) < stateAge {
		return s.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
	defer cancel()
	began, up := s.now(), 1.0
	r := &stateRead{State: s}
	if err := r.all(ctx); err != nil {
		s.log.Debug().Err(err).Msg("metrics of the state in Redis not read") // failing heartbeats report an outage
		up = 0
	}
	s.read = s.now() // also after a failure, so that no other scrape waits for it again
	s.last = append(r.metrics, gauge(redisUpDesc, up), gauge(readDurationDesc, s.read.Sub(began).Seconds()))
	return s.last
}

// stateRead is one read of the state.
type stateRead struct {
	*State
	metrics []prometheus.Metric
}

func (r *stateRead) add(d *prometheus.Desc, value float64, labels ...string) {
	r.metrics = append(r.metrics, gauge(d, value, labels...))
}

// addEach adds a value for each value of a label.
func (r *stateRead) addEach(d *prometheus.Desc, values map[string]float64) {
	for label, value := range values {
		r.add(d, value, label)
	}
}

// all reads each part, whatever happens to the others.
func (r *stateRead) all(ctx context.Context) error {
	var errs []error
	for _, part := range []func(context.Context) error{r.batches, r.workers, r.lanes, r.findings, r.clock} {
		errs = append(errs, recovered(func() error { return part(ctx) }))
	}
	return errors.Join(errs...)
}

// batches adds what the ledger counts.
func (r *stateRead) batches(ctx context.Context) error {
	batches, err := r.ledger.Newest(ctx, maxBatches)
	if err != nil {
		return err
	}
	items, status := map[ledger.State]int64{}, map[string]float64{"running": 0, "paused": 0, "finished": 0}
	paused, notifications := map[string]float64{"failures": 0, "operator": 0}, map[string]float64{"pending": 0, "failed": 0}
	var open []ledger.Batch
	var first ledger.Millis
	for _, b := range batches {
		notifications["pending"] += float64(len(b.PendingNotifications))
		if b.FailedNotification != nil {
			notifications["failed"]++
		}
		for state, n := range b.Counts {
			items[state] += n
		}
		switch {
		case b.Open() <= 0:
			status["finished"]++
			continue
		case b.Pause != nil:
			status["paused"]++
			paused[causeOf(*b.Pause)]++
		default:
			status["running"]++
			first = earlier(first, b.CreatedAt)
		}
		open = append(open, b)
	}
	for _, state := range ledger.States() {
		r.add(itemsDesc, float64(items[state]), string(state))
	}
	r.addEach(batchesDesc, status)
	r.addEach(batchesPausedDesc, paused)
	r.addEach(notificationsDesc, notifications)
	r.add(batchAgeDesc, r.age(first))
	return r.oldest(ctx, open)
}

func causeOf(p ledger.Pause) string {
	if p.ByFailures() {
		return "failures"
	}
	return "operator"
}

// oldest adds the ages of items. An unknown outcome is one in a paused batch, too.
func (r *stateRead) oldest(ctx context.Context, open []ledger.Batch) error {
	names := make([]string, len(open))
	for i, b := range open {
		names[i] = b.Name
	}
	oldest, err := r.ledger.Oldest(ctx, names)
	if err != nil {
		return err
	}
	var unchanged, unknown ledger.Millis
	for i, of := range oldest {
		unknown = earlier(unknown, of.Unknown)
		if open[i].Pause == nil {
			unchanged = earlier(unchanged, of.Unchanged)
		}
	}
	r.add(unchangedDesc, r.age(unchanged))
	r.add(unknownDesc, r.age(unknown))
	if unknown != 0 {
		r.add(tokenLifeDesc, r.tokenMaxAge.Seconds()-r.age(unknown))
	}
	return nil
}

// earlier returns the earlier of two times, of which 0 is none.
func earlier(a, b ledger.Millis) ledger.Millis {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// age is 0 for none.
func (r *stateRead) age(at ledger.Millis) float64 {
	if at == 0 {
		return 0
	}
	return max(0, r.now().Sub(at.Time()).Seconds())
}

func (r *stateRead) workers(ctx context.Context) error {
	beats, err := r.ledger.Beats(ctx)
	if err != nil {
		return err
	}
	r.add(workersDesc, float64(len(beats)))
	return nil
}

// lanes adds the metrics of each lane that has a queue.
func (r *stateRead) lanes(ctx context.Context) error {
	lanes, err := queue.Lanes(ctx, r.rdb)
	if err != nil {
		return err
	}
	slices.SortFunc(lanes, func(a, b tasks.Lane) int { return cmp.Compare(a.String(), b.String()) })
	var errs []error
	for _, l := range lanes[:min(len(lanes), maxLanes)] {
		errs = append(errs, r.lane(ctx, l))
	}
	return errors.Join(errs...)
}

func (r *stateRead) lane(ctx context.Context, l tasks.Lane) error {
	name := l.String()
	operator := lane.NewOperator(r.rdb, name)
	workers, err := operator.Configured(ctx)
	if err != nil {
		return err
	}
	rates, err := operator.InForce(ctx)
	if err != nil {
		return err
	}
	pause, err := operator.Paused(ctx)
	if err != nil {
		return err
	}
	suspensions, err := lane.NewBreaker(r.rdb, name).Suspensions(ctx)
	if err != nil {
		return err
	}
	sizes, err := queue.Of(r.rdb, l).Sizes(ctx)
	if err != nil {
		return err
	}
	r.add(laneWorkersDesc, float64(len(workers)), name)
	r.add(laneTasksDesc, float64(sizes.Waiting()), name)
	r.add(pausedDesc, truth(pause != nil), name)
	r.rates(name, rates)
	count := map[[2]string]int{}
	for _, s := range suspensions {
		count[[2]string{string(s.Target), family(s.Code)}]++
	}
	for labels, n := range count {
		r.add(suspensionsDesc, float64(n), name, labels[0], labels[1])
	}
	return nil
}

func (r *stateRead) rates(name string, rates lane.InForce) {
	if rates.Limit != nil {
		r.add(configuredDesc, unlimited(*rates.Limit), name)
	}
	for operation, of := range map[string]lane.Rates{tasks.OpCreate: rates.Creates, tasks.OpDelete: rates.Deletions} {
		if rates.Limit != nil || of.Learned != nil {
			r.add(allowedDesc, unlimited(of.RPS), name, operation)
		}
		r.add(usedDesc, of.Used, name, operation)
	}
}

// unlimited shows a rate of 0 as what it means.
func unlimited(rps float64) float64 {
	if rps == 0 {
		return math.Inf(1)
	}
	return rps
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (r *stateRead) findings(ctx context.Context) error {
	findings, err := redisconn.Check(ctx, r.rdb)
	if err != nil {
		return err
	}
	count := map[[2]string]int{}
	for _, f := range findings {
		count[[2]string{string(f.Code), string(f.Severity)}]++
	}
	for labels, n := range count {
		r.add(redisFindingsDesc, float64(n), labels[0], labels[1])
	}
	return nil
}

// clock adds how far Redis's clock differs from this machine's: the middle of the request is when Redis read it.
func (r *stateRead) clock(ctx context.Context) error {
	before := time.Now()
	there, err := r.rdb.Time(ctx).Result()
	if err != nil {
		return err
	}
	r.add(redisClockDesc, there.Sub(before.Add(time.Since(before)/2)).Seconds())
	return nil
}
