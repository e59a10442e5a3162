package bce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Defaults of [RefreshOptions].
const (
	// DefaultRefreshAhead leaves time for several tries before a token of the usual two
	// hours ends.
	DefaultRefreshAhead = 5 * time.Minute
	// DefaultRefreshRetry is how soon a failed refresh is tried again while the old
	// credentials are good.
	DefaultRefreshRetry = 15 * time.Second
	// DefaultRefreshTimeout bounds a refresh while the old credentials are good, for the
	// one call that makes it has to wait.
	DefaultRefreshTimeout = 3 * time.Second
)

// RefreshOptions configure a [Refresher]; 0 means the default.
type RefreshOptions struct {
	// Ahead is how long before the expiry new credentials are asked for.
	Ahead   time.Duration
	Retry   time.Duration
	Timeout time.Duration
	// Now is the clock, by default [time.Now].
	Now func() time.Time
}

// Refresher is a [Provider] that remembers the credentials of another until they end. One
// caller at a time asks the source; the others go on with the old credentials as long as
// those are good, and else wait for the one's result. Credentials without an expiry are
// remembered for good: do not put a Refresher before a source that should be read anew.
//
// It starts no goroutine: a refresh is made by a call, under that call's context.
type Refresher struct {
	source  Provider
	options RefreshOptions
	// turn is held by the caller that is asking the source.
	turn chan struct{}
	// state sits behind a pointer of its own to keep it from being printed.
	state *refreshState
}

type refreshState struct {
	mu          sync.Mutex
	credentials Credentials
	nextTry     time.Time
	// flights counts finished refreshes, and lastErr is how the last one ended.
	flights int
	lastErr error
}

// NewRefresher returns a Refresher of source.
func NewRefresher(source Provider, options RefreshOptions) *Refresher {
	if options.Ahead == 0 {
		options.Ahead = DefaultRefreshAhead
	}
	if options.Retry == 0 {
		options.Retry = DefaultRefreshRetry
	}
	if options.Timeout == 0 {
		options.Timeout = DefaultRefreshTimeout
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Refresher{source: source, options: options, turn: make(chan struct{}, 1), state: &refreshState{}}
}

// Retrieve returns credentials that have not ended by the local clock. It fails only when
// there are none and the source gives none.
func (r *Refresher) Retrieve(ctx context.Context) (Credentials, error) {
	old, due, flight := r.look()
	if !due {
		return old, nil
	}
	if r.good(old) {
		return r.refreshEarly(ctx, old)
	}
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return Credentials{}, fmt.Errorf("credentials: wait for refresh: %w", context.Cause(ctx))
	}
	defer func() { <-r.turn }()
	if fresh, done, err := r.result(flight); done {
		return fresh, err
	}
	return r.refresh(ctx)
}

// refreshEarly refreshes if nobody else is at it, and falls back to the old credentials.
func (r *Refresher) refreshEarly(ctx context.Context, old Credentials) (Credentials, error) {
	select {
	case r.turn <- struct{}{}:
	default:
		return old, nil
	}
	defer func() { <-r.turn }()
	if current, due, _ := r.look(); !due {
		return current, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	fresh, err := r.refresh(ctx)
	if err != nil && r.good(old) {
		return old, nil
	}
	return fresh, err
}

// refresh asks the source and remembers what came of it. Call it only when it is one's turn.
func (r *Refresher) refresh(ctx context.Context) (Credentials, error) {
	fresh, err := r.source.Retrieve(ctx)
	if err == nil && !r.good(fresh) {
		fresh, err = Credentials{}, errors.New("credentials: the source gave credentials that have ended")
	}
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	if err != nil && ctx.Err() != nil && !r.good(r.state.credentials) {
		// The caller gave up; that says nothing to those who wait.
		return Credentials{}, err
	}
	r.state.flights++
	r.state.lastErr = err
	r.state.nextTry = r.options.Now().Add(r.options.Retry)
	if err != nil {
		return Credentials{}, err
	}
	r.state.credentials = fresh
	return fresh, nil
}

// look returns what is remembered, and whether it is time to ask the source.
func (r *Refresher) look() (c Credentials, due bool, flight int) {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	c = r.state.credentials
	if !r.good(c) {
		return c, true, r.state.flights
	}
	expires, ends := c.Expiry()
	now := r.options.Now()
	due = ends && !now.Before(expires.Add(-r.options.Ahead)) && !now.Before(r.state.nextTry)
	return c, due, r.state.flights
}

// result returns how a refresh ended that finished while the caller waited for its turn;
// done is false if there was none, or none that helps.
func (r *Refresher) result(flight int) (c Credentials, done bool, err error) {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	switch {
	case r.state.flights == flight:
		return Credentials{}, false, nil
	case r.state.lastErr != nil:
		return Credentials{}, true, r.state.lastErr
	case r.good(r.state.credentials):
		return r.state.credentials, true, nil
	}
	return Credentials{}, false, nil
}

func (r *Refresher) good(c Credentials) bool {
	expires, ends := c.Expiry()
	return !c.IsZero() && (!ends || r.options.Now().Before(expires))
}
