package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"havip/ledger"
)

// ClaimItem records that this worker runs the item's task, so that other workers rescue the item
// if this worker dies. The returned function removes the claim. A claim covers the whole run of
// the task, including the wait for the lane: asynq requeues a dead worker's task only after a
// minute or two.
//
// A claim is a hint. If it cannot be written and the worker dies, asynq recovers the item later;
// so ClaimItem returns no error.
func (p *Membership) ClaimItem(ctx context.Context, batch, key string) (unclaim func()) {
	h := ledger.ClaimedItem{Batch: batch, Key: key}
	p.mu.Lock()
	p.claimed[h]++
	p.claimsChanged = true
	first := p.claimed[h] == 1
	p.mu.Unlock()
	if first {
		p.recordClaim(ctx, h)
	}
	return sync.OnceFunc(func() { p.unclaim(ctx, h) })
}

// recordClaim writes the claim. If the worker was declared dead, it sends a heartbeat, which
// re-enters the worker under a new name together with all of its claims.
func (p *Membership) recordClaim(ctx context.Context, h ledger.ClaimedItem) {
	noted, err := p.recordClaimUnderName(ctx, h)
	if err == nil && !noted {
		_, err = p.Beat(ctx)
	}
	if err != nil {
		p.requestComparison()
		p.log.Debug().Err(err).Str("batch", h.Batch).Str("key", h.Key).Msg("claim of an item not recorded")
	}
}

func (p *Membership) recordClaimUnderName(ctx context.Context, h ledger.ClaimedItem) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	p.naming.RLock()
	defer p.naming.RUnlock()
	return p.workers.ClaimItem(ctx, p.name, h)
}

// unclaim removes the claim, even if the run of the task was canceled.
func (p *Membership) unclaim(ctx context.Context, h ledger.ClaimedItem) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), membershipTimeout)
	defer cancel()
	if p.dropClaim(h) {
		return
	}
	if err := p.removeClaim(ctx, h); err != nil {
		p.requestComparison()
		p.log.Debug().Err(err).Str("batch", h.Batch).Str("key", h.Key).Msg("claim of an item not removed")
	}
	// Another task of the item may have started just now: its claim may be the one that was removed.
	if p.hasClaim(h) {
		p.recordClaim(ctx, h)
	}
}

func (p *Membership) removeClaim(ctx context.Context, h ledger.ClaimedItem) error {
	p.naming.RLock()
	defer p.naming.RUnlock()
	return p.workers.UnclaimItem(ctx, p.name, h)
}

// requestComparison has the next heartbeat compare the recorded claims with the worker's own.
func (p *Membership) requestComparison() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claimsUncertain = true
}

// repairClaims makes the recorded claims the worker's own, if they may differ: after an error, and some time after the
// last change, as a failover of Redis may have lost changes that it acknowledged. A claim that nobody removes would keep
// its item from being rescued for as long as the worker lives: its task counts as one that a worker runs. It is called alone;
// see [Membership.alone].
func (p *Membership) repairClaims(ctx context.Context) {
	if !p.claimsDue() {
		return
	}
	if err := p.compareClaims(ctx); err != nil {
		p.requestComparison()
		p.log.Debug().Err(err).Msg("claims not compared; the next heartbeat does it")
	}
}

// claimsDue reports whether the claims are to be compared now, and begins to wait for the next time.
func (p *Membership) claimsDue() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.claimsUncertain && (!p.claimsChanged || time.Since(p.claimsCompared) < compareClaimsEvery) {
		return false
	}
	p.claimsUncertain, p.claimsChanged, p.claimsCompared = false, len(p.claimed) > 0, time.Now()
	return true
}

// compareClaims looks again after each change: a task of the item may have started or ended meanwhile.
func (p *Membership) compareClaims(ctx context.Context) error {
	recorded, err := p.workers.ClaimedBy(ctx, p.current())
	if err != nil {
		return err
	}
	known := map[ledger.ClaimedItem]bool{}
	var errs []error
	for _, h := range recorded {
		known[h] = true
		if !p.hasClaim(h) {
			errs = append(errs, p.removeClaim(ctx, h))
			if p.hasClaim(h) {
				known[h] = false
			}
		}
	}
	for _, h := range p.claims() {
		if !known[h] {
			_, err := p.recordClaimUnderName(ctx, h)
			errs = append(errs, err)
			if !p.hasClaim(h) {
				errs = append(errs, p.removeClaim(ctx, h))
			}
		}
	}
	return errors.Join(errs...)
}

// dropClaim removes one of the tasks that claim the item, and reports whether another task still claims it.
func (p *Membership) dropClaim(h ledger.ClaimedItem) (claimed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.claimed[h]--; p.claimed[h] > 0 {
		return true
	}
	delete(p.claimed, h)
	p.claimsChanged = true
	return false
}

func (p *Membership) hasClaim(h ledger.ClaimedItem) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.claimed[h] > 0
}

func (p *Membership) claims() []ledger.ClaimedItem {
	p.mu.Lock()
	defer p.mu.Unlock()
	claimed := make([]ledger.ClaimedItem, 0, len(p.claimed))
	for h := range p.claimed {
		claimed = append(claimed, h)
	}
	return claimed
}
