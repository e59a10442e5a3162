package worker

import (
	"context"
	"sync"

	"havip/ledger"
)

// Hold notes that this worker has the item's task in hand, so that others go on with it should
// this worker die, and returns what takes the note back. It spans the whole run of a task, also
// while it waits for its lane: asynq gives a dead worker's task to nobody for a minute or two.
//
// A note is a hint. When it cannot be written, the item merely waits for asynq should the worker
// die; so there is no error to handle.
func (p *Membership) Hold(ctx context.Context, batch, key string) (letGo func()) {
	h := ledger.Held{Batch: batch, Key: key}
	p.mu.Lock()
	p.held[h]++
	first := p.held[h] == 1
	p.mu.Unlock()
	if first {
		p.note(ctx, h)
	}
	return sync.OnceFunc(func() { p.letGo(ctx, h) })
}

// note writes the note. Where the worker turns out to have been found dead, the new name that it
// then takes brings along all that is held.
func (p *Membership) note(ctx context.Context, h ledger.Held) {
	noted, err := p.noteUnderName(ctx, h)
	if err == nil && !noted {
		_, err = p.Beat(ctx)
	}
	if err != nil {
		p.log.Debug().Err(err).Str("batch", h.Batch).Str("key", h.Key).Msg("item in hand not noted")
	}
}

func (p *Membership) noteUnderName(ctx context.Context, h ledger.Held) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, membershipTimeout)
	defer cancel()
	p.naming.RLock()
	defer p.naming.RUnlock()
	return p.workers.Hold(ctx, p.name, h)
}

// letGo takes the note back, also when the run of the task was cancelled.
func (p *Membership) letGo(ctx context.Context, h ledger.Held) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), membershipTimeout)
	defer cancel()
	if p.release(h) {
		return
	}
	p.naming.RLock()
	err := p.workers.LetGo(ctx, p.name, h)
	p.naming.RUnlock()
	if err != nil {
		p.log.Debug().Err(err).Str("batch", h.Batch).Str("key", h.Key).Msg("note of an item in hand not taken back")
	}
	// Another task of the item may have begun just now, and its note may be what was taken back.
	if p.holds(h) {
		p.note(ctx, h)
	}
}

// release counts one holder less, and reports whether there is another.
func (p *Membership) release(h ledger.Held) (held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[h]--; p.held[h] > 0 {
		return true
	}
	delete(p.held, h)
	return false
}

func (p *Membership) holds(h ledger.Held) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[h] > 0
}

func (p *Membership) holding() []ledger.Held {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := make([]ledger.Held, 0, len(p.held))
	for h := range p.held {
		held = append(held, h)
	}
	return held
}
