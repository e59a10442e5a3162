package tasks

import (
	"context"
	"iter"
	"slices"
	"time"

	"havip/bce"
)

// Lister is what a [Finder] needs of BCE; [*bce.Client] is one.
type Lister interface {
	HaVIPs(ctx context.Context, options bce.ListOptions) iter.Seq2[bce.HaVIP, error]
}

// Rate is a budget of requests.
type Rate interface {
	// Wait returns nil when one request may be sent, or an error when ctx ends first.
	Wait(ctx context.Context) error
}

// listTimeout bounds one listing of a lane, over all of its pages.
const listTimeout = 2 * time.Minute

// Finder lists a lane's HaVIPs on behalf of many items: BCE has no lookup by name or token, and
// a listing for each item of a batch would be as many listings as items. All that ask while one is
// under way share the next one. It is safe for concurrent use.
type Finder struct {
	api  Lister
	rate Rate
	// turn is held by the caller that lists; last is what it leaves to the others, and failed when and
	// why its listing failed.
	turn     chan struct{}
	last     *listing
	failed   error
	failedAt time.Time
}

// NewFinder returns a finder. The rate, if not nil, spaces listings.
func NewFinder(api Lister, rate Rate) *Finder {
	return &Finder{api: api, rate: rate, turn: make(chan struct{}, 1)}
}

// listing is all that existed in a lane at some moment after began.
type listing struct {
	began     time.Time
	byName    map[place][]bce.HaVIP
	byAddress map[place][]bce.HaVIP
	ids       []string
}

// place is a subnet and a name or address in it.
type place struct{ subnetID, word string }

// Find returns the HaVIPs that have the request's subnet and its name or address, from a listing
// that began at or after notBefore.
func (f *Finder) Find(ctx context.Context, request Request, notBefore time.Time) ([]bce.HaVIP, error) {
	l, err := f.since(ctx, notBefore)
	if err != nil {
		return nil, err
	}
	return l.find(request), nil
}

// IDs returns the haVipIds of a listing that began at or after notBefore.
func (f *Finder) IDs(ctx context.Context, notBefore time.Time) ([]string, error) {
	l, err := f.since(ctx, notBefore)
	if err != nil {
		return nil, err
	}
	return l.ids, nil
}

// since returns a listing that began at or after notBefore. Those who waited while one failed do not
// each try again.
func (f *Finder) since(ctx context.Context, notBefore time.Time) (*listing, error) {
	asked := time.Now()
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if f.last != nil && !f.last.began.Before(notBefore) {
		return f.last, nil
	}
	if f.failed != nil && f.failedAt.After(asked) {
		return nil, f.failed
	}
	fresh, err := f.list(ctx)
	if err != nil && ctx.Err() == nil { // else it is this caller's end, and not the listing's
		f.failed, f.failedAt = err, time.Now()
	}
	if err != nil {
		return nil, err
	}
	f.last, f.failed = fresh, nil
	return fresh, nil
}

func (f *Finder) list(ctx context.Context) (*listing, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	if f.rate != nil {
		if err := f.rate.Wait(ctx); err != nil {
			return nil, err
		}
	}
	l := &listing{began: time.Now(), byName: map[place][]bce.HaVIP{}, byAddress: map[place][]bce.HaVIP{}}
	seen := map[string]bool{}
	for havip, err := range f.api.HaVIPs(ctx, bce.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		if seen[havip.ID] {
			continue // pages may overlap while HaVIPs come and go
		}
		seen[havip.ID] = true
		l.add(havip)
	}
	return l, nil
}

func (l *listing) add(havip bce.HaVIP) {
	name, address := place{havip.SubnetID, havip.Name}, place{havip.SubnetID, havip.PrivateIPAddress}
	l.byName[name] = append(l.byName[name], havip)
	l.byAddress[address] = append(l.byAddress[address], havip)
	l.ids = append(l.ids, havip.ID)
}

func (l *listing) find(request Request) []bce.HaVIP {
	found := slices.Clone(l.byName[place{request.SubnetID, request.Name}])
	if request.PrivateIPAddress == "" {
		return found
	}
	for _, havip := range l.byAddress[place{request.SubnetID, request.PrivateIPAddress}] {
		if havip.Name != request.Name {
			found = append(found, havip)
		}
	}
	return found
}
