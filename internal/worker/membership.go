package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"havip/ledger"
)

// The terms of being alive. Another worker finds a killed one dead DeadAfter + 2 * BeatEvery after its last
// beat at the latest: it may have seen that beat late, and look for the silence late.
const (
	// BeatEvery is how often a worker says that it is alive. It costs Redis one script call.
	BeatEvery = 2 * time.Second
	// DeadAfter is how long a worker may be silent: four beats, so that neither a pause of
	// garbage collection nor a Redis that fails over quickly kills a worker that lives.
	DeadAfter = 8 * time.Second

	// membershipTimeout bounds one call about workers.
	membershipTimeout = BeatEvery
	// freshFor is how long after a beat its worker is certainly not found dead, by its own clock
	// and without asking, with a beat to spare.
	freshFor = DeadAfter - BeatEvery
)

// Workers is the part of the ledger that a [Membership] uses; [*ledger.Ledger] implements it.
type Workers interface {
	Enter(ctx context.Context, worker string, held []ledger.ClaimedItem) error
	Beat(ctx context.Context, worker string) (ledger.Heartbeats, error)
	DeclareDead(ctx context.Context, dead string, beat int64) (bool, error)
	Leave(ctx context.Context, worker string) (int64, error)
	ClaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) (bool, error)
	UnclaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) error
}

// Membership is a worker's place in the fleet: the name that it goes by, and what it holds. A worker
// that others found dead, because it was stopped or cut off from Redis, goes on under a new name;
// what it does under the old one is for others to take over. It is safe for concurrent use.
type Membership struct {
	workers Workers
	base    string
	log     zerolog.Logger

	// beating is held during a beat, so that one answer is acted on at a time.
	beating sync.Mutex
	// observer is guarded by beating.
	observer observer

	// naming guards name, and is held for reading while a note is written under it: no note is
	// written under a name after the next was entered with all that is held.
	naming sync.RWMutex
	name   string

	// mu guards what follows.
	mu sync.Mutex
	// confirmed is when the last good beat was sent.
	confirmed time.Time
	// claimed counts, because an item may have two tasks for a while.
	claimed map[ledger.ClaimedItem]int
}

// NewMembership returns a membership whose names begin with base. It does no I/O: Enter comes first.
func NewMembership(fleet Workers, base string, log zerolog.Logger) *Membership {
	return &Membership{workers: fleet, base: base, log: log, claimed: map[ledger.ClaimedItem]int{}}
}

// Enter makes the worker known as alive.
func (p *Membership) Enter(ctx context.Context) error {
	p.beating.Lock()
	defer p.beating.Unlock()
	return p.enter(ctx)
}

// Leave takes the worker out of the fleet. What it still holds, others rescue at once.
func (p *Membership) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	left, err := p.workers.Leave(ctx, p.current())
	if left > 0 {
		p.log.Warn().Int64("items", left).Msg("left while holding items; others rescue them")
	}
	return err
}

// Name is what an attempt that begins now must be begun under, and when its last good beat was sent: only
// from then on others may have found it silent. When the worker may have been found dead since, it asks first;
// an error means that nothing may be begun.
func (p *Membership) Name(ctx context.Context) (name string, beat time.Time, err error) {
	if !p.fresh() {
		if err := p.renew(ctx); err != nil {
			return "", time.Time{}, err
		}
	}
	// In this order: when it enters anew in between, the beat is merely an old one.
	beat = p.lastBeat()
	return p.current(), beat, nil
}

// Beat says that the worker is alive, and answers which workers are dead and still have items to
// be rescued. A worker that was found dead itself has a new name afterwards.
func (p *Membership) Beat(ctx context.Context) (dead []Silence, err error) {
	p.beating.Lock()
	defer p.beating.Unlock()
	return p.beat(ctx)
}

// renew beats, unless somebody else just did.
func (p *Membership) renew(ctx context.Context) error {
	p.beating.Lock()
	defer p.beating.Unlock()
	if p.fresh() {
		return nil
	}
	_, err := p.beat(ctx)
	return err
}

// beat is called with beating held.
func (p *Membership) beat(ctx context.Context) ([]Silence, error) {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	sent := time.Now()
	heartbeats, err := p.workers.Beat(ctx, p.current())
	if err != nil {
		return nil, err
	}
	p.observer.look(heartbeats, sent, time.Now())
	if !heartbeats.Alive {
		p.log.Warn().Str("worker", p.current()).
			Msg("found dead by the fleet: this process was stopped or cut off from redis; going on under a new name")
		return p.observer.silences(heartbeats.Dead), p.enter(ctx)
	}
	p.confirm(sent)
	dead := append(heartbeats.Dead, p.declareDead(ctx, heartbeats, sent)...)
	return p.observer.silences(dead), nil
}

// declareDead writes down who is dead by what this worker has observed, and names them.
func (p *Membership) declareDead(ctx context.Context, heartbeats ledger.Heartbeats, asked time.Time) (dead []string) {
	silent := p.observer.silent(heartbeats, asked)
	for _, name := range slices.Sorted(maps.Keys(silent)) {
		is, err := p.workers.DeclareDead(ctx, name, silent[name])
		switch {
		case err != nil:
			p.log.Debug().Err(err).Str("dead", name).Msg("death not written down")
		case is:
			dead = append(dead, name)
		}
	}
	return dead
}

// enter takes a name that nobody ever had, and takes along what is held. It is called with
// beating held.
func (p *Membership) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	p.naming.Lock()
	defer p.naming.Unlock()
	sent, name := time.Now(), fmt.Sprintf("%s-%s", p.base, uuid.NewString()[:8])
	if err := p.workers.Enter(ctx, name, p.claims()); err != nil {
		return err
	}
	p.name = name
	p.confirm(sent)
	return nil
}

func (p *Membership) current() string {
	p.naming.RLock()
	defer p.naming.RUnlock()
	return p.name
}

func (p *Membership) confirm(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.confirmed = sent
}

func (p *Membership) fresh() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.confirmed) < freshFor
}

func (p *Membership) lastBeat() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.confirmed
}
