package worker

import (
	"context"
	"sync"
	"time"

	"havip/bce"
)

// KeyGuard is the provider of one lane's credentials. If the access key is replaced while the worker runs, the lane's requests get the
// new one only when it is known to belong to the lane's account: another account's key would create everything a second time.
type KeyGuard struct {
	source bce.Provider

	// mu is held during a check, so that requests wait for its result.
	mu sync.Mutex
	// accept returns why the lane may not use an access key; it is nil until the worker's lane is assembled.
	accept func(ctx context.Context, key string) error
	// accepted is the fingerprint of the key in use, refused of the one that was refused last.
	accepted, refused string
	// current are credentials with the accepted key: each request compares with them, which is cheaper than a fingerprint.
	current   bce.Credentials
	refusal   error
	refusedAt time.Time
}

// NewKeyGuard returns the guard of a lane, for its client and for [LaneConfig]. It is for keys, not for the temporary ones of a role.
func NewKeyGuard(source bce.Provider) *KeyGuard { return &KeyGuard{source: source} }

// recheckEvery is how long a refused key is not checked again.
const recheckEvery = 5 * time.Second

// unguarded is the key of a context whose requests may use any access key. Its value is the credentials that they use, or zero
// ones for those of the source.
type unguarded struct{}

func withoutGuard(ctx context.Context) context.Context {
	return context.WithValue(ctx, unguarded{}, bce.Credentials{})
}

// Retrieve returns the source's credentials. While they may not be used, it returns why.
func (g *KeyGuard) Retrieve(ctx context.Context) (bce.Credentials, error) {
	checked, free := ctx.Value(unguarded{}).(bce.Credentials)
	if free && !checked.IsZero() {
		return checked, nil
	}
	credentials, err := g.source.Retrieve(ctx)
	if err == nil && !free {
		err = g.check(ctx, credentials)
	}
	if err != nil {
		return bce.Credentials{}, err
	}
	return credentials, nil
}

// guard begins to check keys other than this one. It may be called on nil.
func (g *KeyGuard) guard(key string, accept func(ctx context.Context, key string) error) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.accept, g.accepted, g.current = accept, key, bce.Credentials{}
}

// check asks BCE with the credentials themselves: the source may have others by then.
func (g *KeyGuard) check(ctx context.Context, credentials bce.Credentials) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.accept == nil || g.current.Same(credentials) {
		return nil
	}
	key := credentials.Fingerprint()
	switch {
	case key == g.accepted:
		g.current = credentials
		return nil
	case key == g.refused && time.Since(g.refusedAt) < recheckEvery:
		return g.refusal
	}
	err := g.accept(context.WithValue(ctx, unguarded{}, credentials), key)
	switch {
	case err == nil:
		g.accepted, g.current = key, credentials
	case ctx.Err() == nil:
		g.refused, g.refusal, g.refusedAt = key, err, time.Now()
	}
	return err
}
