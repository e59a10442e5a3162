package lane

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// The terms of a suspension.
const (
	// BackOffFirst is how long a new suspension waits for its first probe; each failed probe doubles it, up to BackOffCap. Every
	// back-off is shortened by up to a fifth at random.
	BackOffFirst = 5 * time.Second
	BackOffCap   = 5 * time.Minute
	// probeLease is how long a killed process's probe prevents other probes. It covers an attempt of an item.
	probeLease = 30 * time.Second
	// othersFirst is how long requests of other subnets may probe a due lane first if a subnet is suspended with it: if they
	// succeed, only the subnet is at fault. It covers the wait of requests that poll every [pollEvery].
	othersFirst = 2 * time.Second
	// neutralPause is the interval between probes that prove nothing: while BCE is unreachable, a suspended lane sends about one
	// a second.
	neutralPause = time.Second
	// maxMessage bounds BCE's message in a suspension, in bytes.
	maxMessage = 300
)

// Breaker is the circuit breaker of a lane and its subnets. It suspends the lane or one subnet after a fault that
// is not an item's own: every further request would fail in the same way and cost a call. All workers share it
// through Redis.
//
// The first such answer opens a suspension ([Breaker.Trip]). From then on requests are refused, except that after
// a back-off one request at a time is admitted as a probe ([Breaker.Admit]). A probe that fails doubles the
// back-off; a probe that succeeds ends the suspension ([Breaker.Clear]); a probe that proves nothing returns its
// permission ([Breaker.Release]). The permission of a killed prober expires. Recovery needs no operator.
//
// Each operation is one atomic script that is safe to repeat if its reply was lost. A Breaker is safe for
// concurrent use and never waits; [Gate] waits.
type Breaker struct {
	rdb  redis.Cmdable
	lane string
	now  func() time.Time
	view view
}

// BreakerOption configures a [Breaker].
type BreakerOption func(*Breaker)

// WithClock sets the breaker's clock. By default it uses Redis's clock, which all workers share; tests set
// their own.
func WithClock(now func() time.Time) BreakerOption {
	return func(b *Breaker) { b.now = now }
}

// NewBreaker returns the breaker of the named lane (account/region). It does no I/O.
func NewBreaker(rdb redis.Cmdable, lane string, options ...BreakerOption) *Breaker {
	b := &Breaker{rdb: rdb, lane: lane}
	for _, option := range options {
		option(b)
	}
	return b
}

// Admission is the breaker's decision about one request. If the request is allowed, the caller must report its result
// with this admission: Trip, Clear or Release.
type Admission struct {
	// Allowed is true if the request may be sent.
	Allowed bool
	// Probe is true if the request probes whether a suspension is over.
	Probe bool
	// Suspension is the one that refuses the request, or that it probes; nil if nothing is suspended.
	Suspension *Suspension
	// Wait is the minimum remaining time of a refusal.
	Wait time.Duration

	part part
	// ticket is unique to the request; suspensions with a lower epoch are older.
	ticket string
	epoch  int64
	// eager is true if the probe did not wait for the back-off.
	eager bool
	// partOnly is true for a probe of the part while the lane is suspended for a quota that the request does not need: it proves
	// nothing about that.
	partOnly bool
}

// fields are those of the suspensions that the request probes, if it is a probe.
func (a Admission) fields() []string {
	if a.partOnly {
		return fieldsOf(a.part)[:1]
	}
	return fieldsOf(a.part)
}

// Admit reports whether a request for this subnet may be sent now. An empty subnetID checks only the lane. While
// nothing is suspended, it asks Redis at most every [viewAge].
func (b *Breaker) Admit(ctx context.Context, subnetID string) (Admission, error) {
	return b.admit(ctx, part(subnetID))
}

func (b *Breaker) admit(ctx context.Context, p part) (Admission, error) {
	now := b.local()
	a := Admission{part: p, ticket: strconv.FormatUint(rand.Uint64(), 36)}
	if epoch, ok := b.view.open(now); ok {
		a.Allowed, a.epoch = true, epoch
		return a, nil
	}
	if suspension, wait, ok := b.view.refusal(p, now); ok {
		a.Suspension, a.Wait = &suspension, wait
		return a, nil
	}
	a.eager = b.view.eager()
	if err := b.ask(ctx, &a); err != nil {
		return Admission{}, fmt.Errorf("admit to lane %s: %w", b.lane, err)
	}
	return a, nil
}

// ask fills in Redis's answer.
func (b *Breaker) ask(ctx context.Context, a *Admission) error {
	asked, generation := b.local(), b.view.generation()
	exempt := ""
	if a.eager {
		exempt += "eager"
	}
	if a.part == deletions {
		exempt += "noquota"
	}
	args := withFields([]any{a.ticket, millis(probeLease), exempt, millis(othersFirst)}, fieldsOf(a.part))
	answer, err := replyOf(b.run(ctx, admitScript, args...), 5)
	if err != nil {
		return err
	}
	verdict, suspensions := answer.text(0), answer.number(4)
	a.Wait, a.epoch = time.Duration(answer.number(1))*time.Millisecond, answer.number(3)
	if text := answer.text(2); text != "" {
		suspension, err := decodeSuspension(text)
		if err != nil {
			return err
		}
		a.Suspension = &suspension
	}
	switch verdict {
	case "open", "probe", "part":
		a.Allowed, a.Probe, a.partOnly = true, verdict != "open", verdict == "part"
	case "suspended":
	default:
		return fmt.Errorf("unexpected verdict %q", verdict)
	}
	b.view.note(*a, suspensions == 0, asked, generation)
	return nil
}

// local returns this process's clock, by which its view expires.
func (b *Breaker) local() time.Time {
	if b.now != nil {
		return b.now()
	}
	return time.Now()
}
