//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is what an event does.
type Kind string

// The kinds of events. Those with a duration end by themselves after it.
const (
	// KillWorker is SIGKILL; the worker is started again after the duration.
	KillWorker Kind = "kill-worker"
	// EndWorker is SIGTERM; the worker is started again after it ended and the duration.
	EndWorker Kind = "end-worker"
	// StopWorker is SIGSTOP, and SIGCONT after the duration.
	StopWorker Kind = "stop-worker"
	// KillRedis is SIGKILL; Redis is started again after the duration. Of a Redis with replicas, the three are
	// done to a master, which is started again only after a replica has replaced it.
	KillRedis Kind = "kill-redis"
	// EndRedis is SIGTERM; Redis is started again after it ended and the duration.
	EndRedis Kind = "end-redis"
	// StopRedis is SIGSTOP of the current master, and SIGCONT after the duration.
	StopRedis Kind = "stop-redis"
	// CutRedis, RefuseRedis and StallRedis are done to the connections of one client to Redis: a
	// worker's, or those of all producers.
	CutRedis    Kind = "cut-redis"
	RefuseRedis Kind = "refuse-redis"
	StallRedis  Kind = "stall-redis"
	// CutCloud, RefuseCloud and StallCloud are done to a worker's connections to the simulator.
	CutCloud    Kind = "cut-cloud"
	RefuseCloud Kind = "refuse-cloud"
	StallCloud  Kind = "stall-cloud"
	// Apply starts a producer, and KillApply, EndApply and StopApply also what their names say after
	// the duration.
	Apply     Kind = "apply"
	KillApply Kind = "kill-apply"
	EndApply  Kind = "end-apply"
	StopApply Kind = "stop-apply"
	// SetFaults begins a phase of the simulator.
	SetFaults Kind = "faults"
	// Jump puts BCE's clock forward by the duration.
	Jump Kind = "jump"
)

// producers is the target of what is done to the connections of all producers.
const producers = -1

// Event is something that happens to somebody.
type Event struct {
	At   time.Duration
	Kind Kind
	// Target is the number of a worker, or of a batch for what producers do; or producers.
	Target int
	For    time.Duration
	// Direction is that of a stall.
	Direction Direction
	// Spec is the faults of a phase.
	Spec string
}

func (e Event) String() string {
	switch e.Kind {
	case SetFaults:
		return fmt.Sprintf("%s %s", e.Kind, e.Spec)
	case StallRedis, StallCloud:
		return fmt.Sprintf("%s %d for %s, direction %d", e.Kind, e.Target, e.For, e.Direction)
	default:
		return fmt.Sprintf("%s %d for %s", e.Kind, e.Target, e.For)
	}
}

// Terms are what a schedule is drawn for.
type Terms struct {
	Duration         time.Duration
	Workers, Batches int
	// Replicated is a Redis of several servers, to which each client connects by itself: no link
	// can be cut or stalled. Masters are killed instead, about as often as they can be replaced.
	Replicated bool
	// OnlyRedis lets nothing else fail: producers run to their end, and BCE, the workers and the links do what they
	// should. All batches are there before, so that there is work at each failover.
	OnlyRedis bool
	// Jump is how far BCE's clock jumps in the middle; 0 is not at all.
	Jump time.Duration
}

// recipe is a kind of event: how often it comes, and how long it lasts.
type recipe struct {
	kind              Kind
	weight            int
	shortest, longest time.Duration
}

// recipes are weighed so that some minutes have everything, and that most of the time most of
// the environment runs. Some stops and stalls are longer than the eight seconds after which the fleet
// takes a worker for dead.
var recipes = []recipe{
	{KillWorker, 10, 0, 3 * time.Second},
	{EndWorker, 4, 0, time.Second},
	{StopWorker, 6, 500 * time.Millisecond, 25 * time.Second},
	{KillRedis, 3, 100 * time.Millisecond, 4 * time.Second},
	{EndRedis, 2, 0, 2 * time.Second},
	{StopRedis, 3, 300 * time.Millisecond, 8 * time.Second},
	{CutRedis, 10, 0, 0},
	{RefuseRedis, 4, 200 * time.Millisecond, 6 * time.Second},
	{StallRedis, 6, 300 * time.Millisecond, 15 * time.Second},
	{CutCloud, 8, 0, 0},
	{RefuseCloud, 4, 200 * time.Millisecond, 5 * time.Second},
	{StallCloud, 6, 300 * time.Millisecond, 20 * time.Second},
	{Apply, 3, 0, 0},
	{KillApply, 8, 20 * time.Millisecond, 1500 * time.Millisecond},
	{EndApply, 3, 20 * time.Millisecond, 1500 * time.Millisecond},
	{StopApply, 3, 20 * time.Millisecond, 1500 * time.Millisecond},
}

// meanGap is the mean time between two events.
const meanGap = 1200 * time.Millisecond

// Draw returns the schedule of a seed, in the order of time.
func Draw(seed uint64, t Terms) []Event {
	chance := rand.New(rand.NewPCG(seed, 0))
	var events []Event
	if specs, length := phases(chance, t.Duration); !t.OnlyRedis {
		for i, spec := range specs {
			events = append(events, Event{At: time.Duration(i) * length, Kind: SetFaults, Spec: spec})
		}
	}
	for at, batch := time.Duration(0), 0; batch < t.Batches && !t.OnlyRedis; batch++ {
		events = append(events, Event{At: at, Kind: KillApply, Target: batch, For: between(chance, 300*time.Millisecond, 1500*time.Millisecond)})
		at += t.Duration / time.Duration(2*t.Batches)
	}
	if t.Jump != 0 {
		events = append(events, jump(chance, t)...)
	}
	free := map[string]time.Duration{}
	for at := gap(chance); at < t.Duration; at += gap(chance) {
		e := draw(chance, t, at)
		if t.Replicated && e.Kind == CutRedis {
			e.Kind, e.Target = KillRedis, max(0, e.Target)
		}
		// One thing at a time to each.
		subject := e.subject()
		if t.Replicated && strings.HasPrefix(subject, redisLink) || t.OnlyRedis && subject != redisServer && e.Kind != Apply {
			continue
		}
		if free[subject] <= at {
			free[subject] = at + e.For
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return int(a.At - b.At) })
	return events
}

// jump has many outcomes unknown when BCE's clock jumps.
func jump(chance *rand.Rand, t Terms) []Event {
	const doubtful = "*:commit-reset=0.5,*:stall-after=0.5:1s"
	middle := t.Duration / 2
	before := max(0, middle-min(5*time.Second, t.Duration/10))
	return []Event{
		{At: before, Kind: SetFaults, Spec: fmt.Sprintf("seed=%d,%s", chance.Uint64N(1<<32), doubtful)},
		{At: middle, Kind: Jump, For: t.Jump},
	}
}

func draw(chance *rand.Rand, t Terms, at time.Duration) Event {
	total := 0
	for _, r := range recipes {
		total += r.weight
	}
	n := chance.IntN(total)
	for _, r := range recipes {
		if n -= r.weight; n >= 0 {
			continue
		}
		e := Event{At: at, Kind: r.kind, For: between(chance, r.shortest, r.longest), Direction: Direction(1 + chance.IntN(3))}
		switch r.kind {
		case Apply, KillApply, EndApply, StopApply:
			e.Target = chance.IntN(t.Batches)
		case CutRedis, RefuseRedis, StallRedis:
			e.Target = chance.IntN(t.Workers+1) + producers
		default:
			e.Target = chance.IntN(t.Workers)
		}
		return e
	}
	panic("the weights do not add up")
}

const (
	redisServer = "redis"
	redisLink   = "redis link"
)

// subject is what an event is done to, of which it is the only one at a time.
func (e Event) subject() string {
	switch e.Kind {
	case KillWorker, EndWorker, StopWorker:
		return fmt.Sprintf("worker %d", e.Target)
	case KillRedis, EndRedis, StopRedis:
		return redisServer
	case CutRedis, RefuseRedis, StallRedis:
		return fmt.Sprintf("%s %d", redisLink, e.Target)
	case CutCloud, RefuseCloud, StallCloud:
		return fmt.Sprintf("cloud link %d", e.Target)
	case Apply, KillApply, EndApply, StopApply, SetFaults, Jump:
	}
	return "any number"
}

func gap(chance *rand.Rand) time.Duration {
	return min(time.Duration(chance.ExpFloat64()*float64(meanGap)), 5*meanGap) + time.Millisecond
}

// between prefers short times: its square root is even.
func between(chance *rand.Rand, shortest, longest time.Duration) time.Duration {
	share := chance.Float64()
	return shortest + time.Duration(share*share*float64(longest-shortest))
}
