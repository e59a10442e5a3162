package lane

import (
	"container/heap"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"havip/test/redistest"
)

// cloudLimit is BCE's own limit, a bucket with a second's worth of requests.
type cloudLimit struct {
	perSecond, tokens float64
	filled            time.Time
}

func (l *cloudLimit) accept(now time.Time) bool {
	l.tokens = min(max(l.perSecond, 1), l.tokens+now.Sub(l.filled).Seconds()*l.perSecond)
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

// fleet is workers that always have requests to send, and a BCE that answers after 50 ms, in the time of a fake clock.
type fleet struct {
	*laneFixture
	workers []*fleetWorker
	limit   cloudLimit
	// refuseShare is how many requests BCE refuses whatever their rate.
	refuseShare float64
	random      *rand.Rand
	began       time.Time
	queue       steps
	steps       int
	answers     []answer
}

// fleetWorker is a worker with requests that wait; one of them at a time asks for a turn.
type fleetWorker struct {
	budget  *Budget
	waiting int
	asking  bool
}

type answer struct {
	at      time.Duration
	refused bool
}

// step is a worker's next step at a time: to ask for a turn, to arrive at BCE, or to get its answer.
type step struct {
	at      time.Time
	n       int
	worker  *fleetWorker
	turn    Turn
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

const latency = 50 * time.Millisecond

func newFleet(f *laneFixture, configured, perSecond float64) *fleet {
	fleet := &fleet{laneFixture: f, began: f.clock.Now(), random: rand.New(rand.NewPCG(1, 2))}
	fleet.limit = cloudLimit{perSecond: perSecond, tokens: perSecond, filled: fleet.began}
	for worker := range 2 {
		b := NewBudget(f.rdb, testLane, Creates, configured, DefaultBurst)
		b.now, b.clock = f.clock.Now, f.clock.Now
		fleet.workers = append(fleet.workers, &fleetWorker{budget: b, waiting: 32})
		name := "w" + strconv.Itoa(worker)
		if err := run(f.t.Context(), f.rdb, announceScript, testLane, f.clock.Now, name, "0", millis(time.Hour)).Err(); err != nil {
			f.t.Fatal(err)
		}
	}
	return fleet
}

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

// ask lets the worker ask for a turn if a request waits and none asks.
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
		turn, wait := f.take(b)
		if wait > 0 {
			f.push(step{at: s.at.Add(min(wait, limitAge)), worker: s.worker, asks: true})
			return
		}
		s.worker.waiting--
		s.worker.asking = false
		f.push(step{at: s.at.Add(latency / 2), worker: s.worker, turn: turn, arrives: true})
		f.ask(s.worker, s.at)
	case s.arrives:
		refused := f.random.Float64() < f.refuseShare || !f.limit.accept(s.at)
		f.push(step{at: s.at.Add(latency / 2), worker: s.worker, turn: s.turn, refused: refused})
	default:
		f.answers = append(f.answers, answer{at: s.at.Sub(f.began), refused: s.refused})
		if s.refused {
			if _, err := b.Refused(ctx, s.turn, "RateLimit", "too many requests"); err != nil {
				f.t.Fatal(err)
			}
		}
		s.worker.waiting++
		f.ask(s.worker, s.at)
	}
}

// take is [Budget.Take] without its waiting.
func (f *fleet) take(b *Budget) (turn Turn, wait time.Duration) {
	err := b.read(f.t.Context())
	if err == nil && !b.unlimited() {
		turn, wait, err = b.take(f.t.Context())
	}
	if err != nil {
		f.t.Fatal(err)
	}
	if wait == 0 {
		b.count()
	}
	return turn, wait
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

// A limit of BCE is found at once, whatever is configured, and hardly ever exceeded then.
func TestRateLearnsALimit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ configured, limit, used float64 }{
		"5 of 50":        {50, 5, 0.95},
		"5 of no limit":  {0, 5, 0.95},
		"20 of 200":      {200, 20, 0.95},
		"50 of 500":      {500, 50, 0.95},
		"50 of no limit": {0, 50, 0.95},
		"1 of 5":         {5, 1, 0.75}, // which is tried once in half a minute
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fleet := newFleet(newLaneFixture(t, redistest.Start(t).Client(t)), tt.configured, tt.limit)
			fleet.live(45 * time.Second)
			accepted, refused := fleet.between(5*time.Second, 45*time.Second)
			t.Logf("%.3f of the limit, %.1f %% refused", accepted/tt.limit, 100*refused)
			if accepted < tt.used*tt.limit || refused > 0.035 {
				t.Errorf("%.3f requests a second were accepted, and %.1f %% refused; want at least %v of %v, and 3.5 %%", accepted, 100*refused, tt.used, tt.limit)
			}
		})
	}
}

// A limit that moves is followed in seconds.
func TestRateFollowsALimit(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		fleet := newFleet(f, 200, 50)
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
	fleet := newFleet(newLaneFixture(t, redistest.Start(t).Client(t)), 60, 1e9)
	fleet.refuseShare = 0.01
	fleet.live(30 * time.Second)
	if accepted, _ := fleet.between(10*time.Second, 30*time.Second); accepted < 50 {
		t.Errorf("%.1f requests a second of 60 were accepted", accepted)
	}
}

// What was learned is forgotten when the limit that is set is reached again, and is not there without refusals.
func TestRateIsForgotten(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(f *laneFixture) {
		t := f.t
		fleet := newFleet(f, 10, 5)
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
