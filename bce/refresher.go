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
	// DefaultRefreshAhead leaves time for several tries before a token, usually valid for two
	// hours, expires.
	DefaultRefreshAhead = 5 * time.Minute
	// DefaultRefreshRetry is the delay after a failed refresh while the old credentials are valid.
	DefaultRefreshRetry = 15 * time.Second
	// DefaultRefreshTimeout limits a refresh while the old credentials are valid, because one call
	// waits for it.
	DefaultRefreshTimeout = 3 * time.Second
)

// RefreshOptions configure a [Refresher]; 0 means the default.
type RefreshOptions struct {
	// Ahead is how long before the expiry the credentials are refreshed.
	Ahead   time.Duration
	Retry   time.Duration
	Timeout time.Duration
	// Now is the clock, by default [time.Now].
	Now func() time.Time
}

// Refresher is a [Provider] that caches the credentials of another until they expire. One caller at
// a time calls the source; meanwhile, the others use the old credentials while they are valid, or
// wait for the result. Credentials without an expiry are cached forever: do not wrap a source that
// should be read again.
//
// It starts no goroutine: a refresh runs in a call, under that call's context.
type Refresher struct {
	source  Provider
	options RefreshOptions
	// turn is a mutex for calling the source, a channel so that waiting can be canceled.
	turn chan struct{}
	// state is behind a pointer so that fmt does not print it.
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

// Retrieve returns credentials that have not expired by the local clock. It fails only if it has
// none and the source returns none.
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

// refreshEarly refreshes unless another caller is doing so, and falls back to the old credentials.
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

// refresh calls the source and caches the result. The caller holds turn.
func (r *Refresher) refresh(ctx context.Context) (Credentials, error) {
	fresh, err := r.source.Retrieve(ctx)
	if err == nil && !r.good(fresh) {
		fresh, err = Credentials{}, errors.New("credentials: the source returned expired credentials")
	}
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	if err != nil && ctx.Err() != nil && !r.good(r.state.credentials) {
		// This caller's context ended; that is no result for the callers that wait.
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

// look returns the cached credentials and whether a refresh is due.
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

// result returns the result of a refresh that finished while the caller waited for turn; done is
// false if there was none, or none that is usable.
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
