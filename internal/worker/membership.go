package worker

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"havip/ledger"
)

// A worker that is killed is declared dead at most DeadAfter + 2 * BeatEvery after its last heartbeat:
// another worker may have seen that heartbeat late, and may check for silence late.
const (
	// BeatEvery is the interval between heartbeats. A heartbeat costs Redis one script call.
	BeatEvery = 2 * time.Second
	// DeadAfter is how long a worker may miss heartbeats before it is declared dead. It covers four
	// heartbeats, so that neither a garbage collection pause nor a quick Redis failover kills a live worker.
	DeadAfter = 8 * time.Second

	// describeAgain is how often an unchanged description is stored again: a failover may have lost it.
	describeAgain = 30 * time.Second

	// compareClaimsEvery is how often a busy worker compares its claims with the recorded ones.
	compareClaimsEvery = 5 * BeatEvery

	// membershipTimeout bounds one ledger call about workers.
	membershipTimeout = BeatEvery
	// freshFor is how long after a heartbeat a worker can rely, by its own clock and without asking, on not
	// having been declared dead. It leaves one heartbeat in reserve.
	freshFor = DeadAfter - BeatEvery
)

// Workers is the part of the ledger that a [Membership] uses; [*ledger.Ledger] implements it.
type Workers interface {
	Enter(ctx context.Context, worker string, claimed []ledger.ClaimedItem) error
	Beat(ctx context.Context, worker string) (ledger.Heartbeats, error)
	DeclareDead(ctx context.Context, dead string, beat int64) (bool, error)
	Leave(ctx context.Context, worker string) (int64, error)
	Describe(ctx context.Context, worker string, info ledger.WorkerInfo) error
	ClaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) (bool, error)
	UnclaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) error
	ClaimedBy(ctx context.Context, worker string) ([]ledger.ClaimedItem, error)
}

// Membership is a worker's membership in the group of workers: its current name and the items that it
// claims. A worker that was declared dead, because it was stopped or lost its connection to Redis,
// continues under a new name; other workers rescue what it claimed under the old name. It is safe for
// concurrent use.
type Membership struct {
	workers Workers
	base    string
	log     zerolog.Logger

	// beating has a token during a heartbeat, so that one answer is processed at a time.
	beating chan struct{}
	// observer, described and describedAt are of the goroutine with the token; described is what the ledger knows about the current name.
	observer    observer
	described   *ledger.WorkerInfo
	describedAt time.Time

	// naming guards name. It is read-locked while a claim is written under the name: no claim is written
	// under the old name after the worker entered under a new name with all of its claims.
	naming sync.RWMutex
	name   string

	// mu guards what follows.
	mu sync.Mutex
	// confirmed is when the last successful heartbeat was sent.
	confirmed time.Time
	// info is the worker's description.
	info ledger.WorkerInfo
	// claimsUncertain is true after an error, claimsChanged after a change, and claimsCompared is when the recorded claims
	// were compared last.
	claimsUncertain, claimsChanged bool
	claimsCompared                 time.Time
	// claimed counts the tasks that claim each item: an item may have two tasks for a while.
	claimed map[ledger.ClaimedItem]int
}

// NewMembership returns a membership whose names begin with base. It does no I/O; call Enter first.
func NewMembership(workers Workers, base string, log zerolog.Logger) *Membership {
	return &Membership{workers: workers, base: base, log: log, beating: make(chan struct{}, 1), claimed: map[ledger.ClaimedItem]int{}}
}

// Describe sets the worker's description, from its next heartbeat on.
func (p *Membership) Describe(info ledger.WorkerInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info = info
}

// Enter registers the worker as alive.
func (p *Membership) Enter(ctx context.Context) error {
	end, err := p.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	return p.enter(ctx)
}

// Leave unregisters the worker. Other workers rescue its remaining claims at once.
func (p *Membership) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	left, err := p.workers.Leave(ctx, p.current())
	if left > 0 {
		p.log.Warn().Int64("items", left).Msg("stopped while claiming items; other workers rescue them")
	}
	return err
}

// Name returns the name for an attempt that begins now, and when the last successful heartbeat of that
// name was sent; other workers count its silence from then at the earliest. If the worker may have been
// declared dead since, Name sends a heartbeat first. After an error, no attempt may begin.
func (p *Membership) Name(ctx context.Context) (name string, beat time.Time, err error) {
	if !p.fresh() {
		if err := p.renew(ctx); err != nil {
			return "", time.Time{}, err
		}
	}
	// Read the heartbeat first: if the worker enters again in between, the heartbeat is just an older one.
	beat = p.lastBeat()
	return p.current(), beat, nil
}

// Beat sends a heartbeat and returns the dead workers whose items are not rescued yet. If this worker
// was declared dead, it has a new name afterwards.
func (p *Membership) Beat(ctx context.Context) (dead []Silence, err error) {
	end, err := p.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	return p.beat(ctx)
}

// alone waits until no heartbeat is under way, and lets none begin until end is called.
func (p *Membership) alone(ctx context.Context) (end func(), err error) {
	select {
	case p.beating <- struct{}{}:
		return func() { <-p.beating }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// renew sends a heartbeat unless another goroutine just did.
func (p *Membership) renew(ctx context.Context) error {
	end, err := p.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	if p.fresh() {
		return nil
	}
	_, err = p.beat(ctx)
	return err
}

// beat is called alone.
func (p *Membership) beat(ctx context.Context) ([]Silence, error) {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	sent := time.Now()
	heartbeats, err := p.workers.Beat(ctx, p.current())
	if err != nil {
		p.requestComparison()
		return nil, err
	}
	p.observer.look(heartbeats, sent, time.Now())
	if !heartbeats.Alive {
		p.log.Warn().Str("worker", p.current()).
			Msg("declared dead: this process was stopped or disconnected from redis; continuing under a new name")
		err := p.enter(ctx)
		if err == nil {
			p.describe(ctx)
		}
		return p.observer.silences(heartbeats.Dead), err
	}
	p.confirm(sent)
	p.describe(ctx)
	p.repairClaims(ctx)
	dead := append(heartbeats.Dead, p.declareDead(ctx, heartbeats, sent)...)
	return p.observer.silences(dead), nil
}

// declareDead declares workers dead whose silence this worker has observed, and returns their names.
func (p *Membership) declareDead(ctx context.Context, heartbeats ledger.Heartbeats, asked time.Time) (dead []string) {
	silent := p.observer.silent(heartbeats, asked)
	for _, name := range slices.Sorted(maps.Keys(silent)) {
		is, err := p.workers.DeclareDead(ctx, name, silent[name])
		switch {
		case err != nil:
			p.log.Debug().Err(err).Str("dead", name).Msg("dead worker not recorded")
		case is:
			dead = append(dead, name)
		}
	}
	return dead
}

// enter registers the worker under a new unique name, together with its claims. It is called alone;
// see [Membership.alone].
func (p *Membership) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	p.naming.Lock()
	defer p.naming.Unlock()
	sent, name := time.Now(), fmt.Sprintf("%s-%s", p.base, uuid.NewString()[:8])
	if err := p.workers.Enter(ctx, name, p.claims()); err != nil {
		return err
	}
	p.name, p.described = name, nil
	p.confirm(sent)
	return nil
}

// describe stores a description in the ledger that has changed, or that Redis may have lost since. After a failure, the next heartbeat tries again. It is called alone;
// see [Membership.alone].
func (p *Membership) describe(ctx context.Context) {
	p.mu.Lock()
	info := p.info
	p.mu.Unlock()
	known := p.described != nil && time.Since(p.describedAt) < describeAgain && reflect.DeepEqual(*p.described, info)
	if known || info.Version == "" {
		return
	}
	if err := p.workers.Describe(ctx, p.current(), info); err != nil {
		p.log.Debug().Err(err).Msg("worker description not stored")
		return
	}
	p.described, p.describedAt = &info, time.Now()
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
