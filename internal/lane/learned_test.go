package lane

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"havip/test/redistest"
)

// cloudLimit is BCE's own limit: a bucket with burst requests, a second's worth if that is 0; or a number for each second.
type cloudLimit struct {
	perSecond, burst float64
	eachSecond       bool

	tokens float64
	filled time.Time
}

func (l *cloudLimit) accept(now time.Time) bool {
	full := l.burst
	if full == 0 {
		full = max(l.perSecond, 1)
	}
	switch {
	case !l.eachSecond:
		l.tokens = min(full, l.tokens+now.Sub(l.filled).Seconds()*l.perSecond)
	case now.Unix() != l.filled.Unix():
		l.tokens = l.perSecond
	}
	l.filled = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}

// change is what happens in a fleet's life at a time.
type change struct {
	at time.Duration
	do func(*fleet)
}

func limitTo(perSecond float64) func(*fleet) {
	return func(f *fleet) { f.limit.perSecond = perSecond }
}

// fleet is workers that always have requests to send, and a BCE that answers after a latency, in the time of a fake clock.
type fleet struct {
	*laneFixture
	workers []*fleetWorker
	limit   cloudLimit
	// refuseShare is how many requests BCE refuses whatever their rate.
	refuseShare float64
	random      *rand.Rand
	began       time.Time
	latency     time.Duration
	queue       steps
	steps       int
	answers     []answer
}

// fleetWorker is a worker with requests that wait; one of them at a time asks for a permit.
type fleetWorker struct {
	budget  *Budget
	waiting int
	asking  bool
}

type answer struct {
	at      time.Duration
	refused bool
}

// step is a worker's next step at a time: to ask for a permit, to arrive at BCE, or to get its answer.
type step struct {
	at      time.Time
	n       int
	worker  *fleetWorker
	permit  Permit
	arrives bool
	refused bool
	asks    bool
}

type steps []step

func (s steps) Len() int { return len(s) }
func (s steps) Less(i, j int) bool {
	return s[i].at.Before(s[j].at) || s[i].at.Equal(s[j].at) && s[i].n < s[j].n
}
func (s steps) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *steps) Push(x any)   { *s = append(*s, x.(step)) }
func (s *steps) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}

// newFleet has two workers, with the rates that they were started with; 50 ms and BCE's limit in requests a second.
func newFleet(f *laneFixture, configured [2]float64, perSecond float64) *fleet {
	fleet := &fleet{laneFixture: f, began: f.clock.Now(), latency: 50 * time.Millisecond, random: rand.New(rand.NewPCG(1, 2))}
	fleet.limit = cloudLimit{perSecond: perSecond, filled: fleet.began}
	for i, rps := range configured {
		b := NewBudget(f.rdb, testLane, Creates, rps, DefaultBurst)
		b.now, b.clock = f.clock.Now, f.clock.Now
		fleet.workers = append(fleet.workers, &fleetWorker{budget: b, waiting: 64})
		name := "w" + strconv.Itoa(i)
		if err := run(f.t.Context(), f.rdb, announceScript, testLane, f.clock.Now, name, "0", millis(time.Hour)).Err(); err != nil {
			f.t.Fatal(err)
		}
	}
	return fleet
}

func both(rps float64) [2]float64 { return [2]float64{rps, rps} }

// live runs the fleet for a time.
func (f *fleet) live(until time.Duration, changes ...change) {
	for _, w := range f.workers {
		f.ask(w, f.began)
	}
	for {
		s := heap.Pop(&f.queue).(step)
		if s.at.Sub(f.began) > until {
			return
		}
		for len(changes) > 0 && s.at.Sub(f.began) >= changes[0].at {
			changes[0].do(f)
			changes = changes[1:]
		}
		f.clock.advance(s.at.Sub(f.clock.Now()))
		f.carryOut(s)
	}
}

func (f *fleet) push(s step) {
	f.steps++
	s.n = f.steps
	heap.Push(&f.queue, s)
}

// ask lets the worker ask for a permit if a request waits and none asks.
func (f *fleet) ask(w *fleetWorker, at time.Time) {
	if w.waiting > 0 && !w.asking {
		w.asking = true
		f.push(step{at: at, worker: w, asks: true})
	}
}

func (f *fleet) carryOut(s step) {
	ctx, b := f.t.Context(), s.worker.budget
	switch {
	case s.asks:
		permit, wait := f.take(b)
		if wait > 0 {
			f.push(step{at: s.at.Add(min(wait, limitAge)), worker: s.worker, asks: true})
			return
		}
		s.worker.waiting--
		s.worker.asking = false
		f.push(step{at: s.at.Add(f.latency/2 + f.jitter()), worker: s.worker, permit: permit, arrives: true})
		f.ask(s.worker, s.at)
	case s.arrives:
		refused := f.random.Float64() < f.refuseShare || !f.limit.accept(s.at)
		f.push(step{at: s.at.Add(f.latency / 2), worker: s.worker, permit: s.permit, refused: refused})
	default:
		f.answers = append(f.answers, answer{at: s.at.Sub(f.began), refused: s.refused})
		if s.refused {
			if _, err := b.Refused(ctx, s.permit, "RateLimit", "too many requests"); err != nil {
				f.t.Fatal(err)
			}
		}
		s.worker.waiting++
		f.ask(s.worker, s.at)
	}
}

// jitter makes requests arrive unevenly, by up to a tenth of the latency.
func (f *fleet) jitter() time.Duration { return time.Duration(f.random.Int64N(int64(f.latency / 10))) }

// take is [Budget.Take] without its waiting.
func (f *fleet) take(b *Budget) (permit Permit, wait time.Duration) {
	err := b.read(f.t.Context())
	if err == nil && !b.unlimited() {
		permit, wait, err = b.take(f.t.Context())
	}
	if err != nil {
		f.t.Fatal(err)
	}
	if wait == 0 {
		b.count()
	}
	return permit, wait
}

// between returns the accepted requests a second, and the share of refused ones.
func (f *fleet) between(from, to time.Duration) (perSecond, refusedShare float64) {
	var accepted, refused float64
	for _, a := range f.answers {
		switch {
		case a.at < from || a.at >= to:
		case a.refused:
			refused++
		default:
			accepted++
		}
	}
	return accepted / (to - from).Seconds(), refused / max(1, accepted+refused)
}

// settled returns how long after a time the accepted requests of a second are first as many as wanted, and few are refused.
func (f *fleet) settled(after time.Duration, low, high float64) time.Duration {
	for at := after; at < after+time.Minute; at += 100 * time.Millisecond {
		if perSecond, refused := f.between(at, at+time.Second); perSecond >= low && perSecond <= high && refused <= 0.1 {
			return at - after
		}
	}
	return time.Minute
}

// A limit of BCE is found at once, whatever is configured, however BCE counts, and however long it takes to answer; and it is
// hardly ever exceeded then.
func TestRateLearnsALimit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		configured [2]float64
		limit      cloudLimit
		latency    time.Duration
		// used is the least part of the limit, and refused the largest share of the requests.
		used, refused float64
	}{
		"5 of 50":              {both(50), cloudLimit{perSecond: 5}, 0, 0.95, 0.03},
		"5 of no limit":        {both(0), cloudLimit{perSecond: 5}, 0, 0.95, 0.04},
		"20 of 200":            {both(200), cloudLimit{perSecond: 20}, 0, 0.95, 0.03},
		"50 of 500":            {both(500), cloudLimit{perSecond: 50}, 0, 0.95, 0.03},
		"50 of no limit":       {both(0), cloudLimit{perSecond: 50}, 0, 0.95, 0.03},
		"5 of 5 and 50":        {[2]float64{5, 50}, cloudLimit{perSecond: 5}, 0, 0.85, 0.03},
		"20 of none and 5":     {[2]float64{0, 5}, cloudLimit{perSecond: 20}, 0, 0.85, 0.03},
		"1 of 5":               {both(5), cloudLimit{perSecond: 1}, 0, 0.75, 0.07}, // of 60 requests
		"5 of 50, 0.5 s":       {both(50), cloudLimit{perSecond: 5}, 500 * time.Millisecond, 0.95, 0.05},
		"5 of 50, 1 s":         {both(50), cloudLimit{perSecond: 5}, time.Second, 0.95, 0.07},
		"5 of 50, 2 s":         {both(50), cloudLimit{perSecond: 5}, 2 * time.Second, 0.9, 0.08},
		"50 of 500, 0.5 s":     {both(500), cloudLimit{perSecond: 50}, 500 * time.Millisecond, 0.9, 0.05},
		"5 of 50, each second": {both(50), cloudLimit{perSecond: 5, eachSecond: true}, 0, 0.75, 0.05},
		"50, each second":      {both(500), cloudLimit{perSecond: 50, eachSecond: true}, 0, 0.8, 0.05},
		"5 of 50, one by one":  {both(50), cloudLimit{perSecond: 5, burst: 1}, 0, 0.65, 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fleet := newFleet(newLaneFixture(t, redistest.Start(t).Client(t)), tt.configured, 0)
			tt.limit.filled = fleet.began
			fleet.limit = tt.limit
			if tt.latency > 0 {
				fleet.latency = tt.latency
			}
			fleet.live(65 * time.Second)
			accepted, refused := fleet.between(5*time.Second+5*tt.latency, 65*time.Second)
			t.Logf("%.3f of the limit, %.1f %% refused", accepted/tt.limit.perSecond, 100*refused)
			if accepted < tt.used*tt.limit.perSecond || refused > tt.refused {
				t.Errorf("%.2f requests a second were accepted, and %.1f %% refused; want at least %v of %v, and %.1f %%",
					accepted, 100*refused, tt.used, tt.limit.perSecond, 100*tt.refused)
			}
		})
	}
}

// A limit that moves is followed in seconds.
func TestRateFollowsALimit(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		fleet := newFleet(f, both(200), 50)
		const lowered, raised = 10 * time.Second, 30 * time.Second
		fleet.live(45*time.Second, change{lowered, limitTo(5)}, change{raised, limitTo(50)})
		down, up := fleet.settled(lowered, 4, 6), fleet.settled(raised, 45, 200)
		f.t.Logf("settled %v and %v after the change", down, up)
		if down > 5*time.Second || up > 9*time.Second {
			f.t.Errorf("settled %v and %v after the change", down, up)
		}
	})
}

// Single refusals are no limit.
func TestRateToleratesSingleRefusals(t *testing.T) {
	t.Parallel()
	fleet := newFleet(newLaneFixture(t, redistest.Start(t).Client(t)), both(60), 1e9)
	fleet.refuseShare = 0.01
	fleet.live(30 * time.Second)
	if accepted, _ := fleet.between(10*time.Second, 30*time.Second); accepted < 45 {
		t.Errorf("%.1f requests a second of 60 were accepted", accepted)
	}
}

// What was learned is forgotten when the limit that is set is reached again, and is not there without refusals.
func TestRateIsForgotten(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		fleet := newFleet(f, both(10), 5)
		o := f.operator()
		learned := func() bool {
			t.Helper()
			if _, err := o.SetLimit(t.Context(), 10, Act{By: "li@host"}); err != nil {
				t.Fatal(err)
			}
			rates, err := o.InForce(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if l := rates.Creates.Learned; l != nil && (l.Code != "RateLimit" || rates.Creates.RPS > 10 || *rates.RPS() != rates.Creates.RPS) {
				t.Errorf("%+v, %+v", l, rates.Creates)
			}
			return rates.Creates.Learned != nil
		}
		if learned() {
			t.Error("learned without a refusal")
		}
		fleet.live(5 * time.Second)
		if !learned() {
			t.Error("nothing was learned from refusals")
		}
		fleet.limit.perSecond = 1000
		fleet.live(20 * time.Second)
		if learned() {
			t.Error("a limit that is gone is still obeyed")
		}
	})
}

// After a time in which BCE refuses everything, the workers use its limit again soon.
func TestRateRecoversFromAnOutage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit  float64
		outage time.Duration
		// answers is how long BCE takes to refuse.
		answers time.Duration
	}{
		{5, 5 * time.Second, 50 * time.Millisecond},
		{5, time.Minute, 50 * time.Millisecond},
		{5, time.Hour, 50 * time.Millisecond},
		{50, 30 * time.Second, 50 * time.Millisecond},
		{50, 30 * time.Second, 5 * time.Second},
	} {
		t.Run(fmt.Sprintf("%v for %v, answers in %v", tt.limit, tt.outage, tt.answers), func(t *testing.T) {
			t.Parallel()
			workers := newFleet(newLaneFixture(t, redistest.Start(t).Client(t)), both(200), tt.limit)
			const before, after = 20 * time.Second, time.Minute
			refuse := func(f *fleet) { f.refuseShare, f.latency = 1, tt.answers }
			accept := func(f *fleet) { f.refuseShare, f.latency = 0, 50*time.Millisecond }
			workers.live(before+tt.outage+after+20*time.Second, change{before, refuse}, change{before + tt.outage, accept})
			accepted, refused := workers.between(before+tt.outage+after, before+tt.outage+after+20*time.Second)
			t.Logf("%.2f a second a minute later, %.1f %% refused; %v to 80 %%", accepted, 100*refused, workers.settled(before+tt.outage, 0.8*tt.limit, 1000))
			if accepted < 0.8*tt.limit || refused > 0.05 {
				t.Errorf("%.2f requests a second are accepted a minute after the outage, and %.1f %% refused", accepted, 100*refused)
			}
		})
	}
}

// A learned rate is followed also after Redis's clock was set back, and what cannot be read is as if nothing was learned.
func TestRateSurvivesAClockThatIsSetBackAndDamage(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(f *fleet) error{
		"clock": func(f *fleet) error {
			for _, w := range f.workers {
				w.budget.clock = func() time.Time { return f.clock.Now().Add(-20 * time.Minute) }
			}
			return nil
		},
		"infinity": func(f *fleet) error {
			return f.rdb.HSet(f.t.Context(), keysOf(testLane).rate, "create", `{"rate":1e999,"n":0,"at":0,"refused":0,"used":0,"last":0,"delay":0,"since":0}`, "create#count", "nan inf 0 0 0", "create#0", "nan").Err()
		},
		"no JSON": func(f *fleet) error { return f.rdb.HSet(f.t.Context(), keysOf(testLane).rate, "create", "{").Err() },
		"other JSON": func(f *fleet) error {
			return f.rdb.HSet(f.t.Context(), keysOf(testLane).rate, "create", `{"rate":"x"}`).Err()
		},
		"no numbers": func(f *fleet) error {
			return f.rdb.HSet(f.t.Context(), keysOf(testLane).rate, "create#0", "x", "create#count", "x y").Err()
		},
		"all is gone": func(f *fleet) error { return f.rdb.Del(f.t.Context(), keysOf(testLane).rate).Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			workers := newFleet(newLaneFixture(t, redistest.Start(t).Client(t)), both(50), 5)
			workers.live(60*time.Second, change{20 * time.Second, func(f *fleet) {
				if err := spoil(f); err != nil {
					t.Error(err)
				}
			}})
			accepted, refused := workers.between(25*time.Second, 60*time.Second)
			if accepted < 0.9*5 || refused > 0.05 {
				t.Errorf("%.2f requests a second were accepted, and %.1f %% refused", accepted, 100*refused)
			}
		})
	}
}
