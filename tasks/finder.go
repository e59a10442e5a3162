package tasks

import (
	"context"
	"sync"
	"time"

	"havip/bce"
)

// Finder lists a lane's HaVIPs on behalf of many items: BCE has no lookup by name or token, and
// a listing for each item of a batch would be as many listings as items. All that ask while one is
// under way share it, or the next one. It is safe for concurrent use.
type Finder struct {
	api    Lister
	reader Reader
	// verify looks at a listing that has ended, and fails it if it is not complete; it may be nil.
	verify func(ctx context.Context, index *Index, began time.Time) error

	mu sync.Mutex
	// last is the last listing that is complete, current the one under way; each may be nil.
	last, current *listing
}

// NewFinder returns a finder. The rate, if not nil, spaces the pages of listings.
func NewFinder(api Lister, rate Rate) *Finder {
	return &Finder{api: api, reader: Reader{Rate: rate}}
}

// listing is one listing of all that exists in a lane. It runs for as long as somebody waits for it.
type listing struct {
	// waiting counts those who wait, under the finder's lock; cancel ends the listing.
	waiting int
	cancel  context.CancelFunc

	// done is closed when the listing has ended, and what follows is set.
	done chan struct{}
	// began is when the first page was asked for: what existed then is in the index.
	began time.Time
	index *Index
	err   error
}

// Find returns the HaVIPs that have the request's subnet and its name or address, from a listing
// that began at or after notBefore.
func (f *Finder) Find(ctx context.Context, request Request, notBefore time.Time) ([]bce.HaVIP, error) {
	index, err := f.since(ctx, notBefore)
	if err != nil {
		return nil, err
	}
	return index.Like(request), nil
}

// IDs returns the haVipIds of a listing that began at or after notBefore.
func (f *Finder) IDs(ctx context.Context, notBefore time.Time) ([]string, error) {
	index, err := f.since(ctx, notBefore)
	if err != nil {
		return nil, err
	}
	return index.IDs(), nil
}

// since returns what a listing shows that began at or after notBefore. Those who waited while one failed
// do not each try again.
func (f *Finder) since(ctx context.Context, notBefore time.Time) (*Index, error) {
	for {
		l := f.join(ctx, notBefore)
		select {
		case <-l.done:
			f.leave(l)
		case <-ctx.Done():
			f.leave(l)
			return nil, ctx.Err()
		}
		switch {
		case l.err != nil:
			return nil, l.err
		case !l.began.Before(notBefore):
			return l.index, nil
		}
	}
}

// join waits with others: for the last listing, which has ended, if it serves, else for the one under way,
// which it begins if there is none.
func (f *Finder) join(ctx context.Context, notBefore time.Time) *listing {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.current
	switch {
	case f.last != nil && !f.last.began.Before(notBefore):
		l = f.last
	case l == nil:
		// The end of the caller that begins it is not the end of the others.
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		l = &listing{cancel: cancel, done: make(chan struct{})}
		f.current = l
		go f.run(ctx, l)
	}
	l.waiting++
	return l
}

// leave ends a listing that nobody waits for any more; a later caller begins another.
func (f *Finder) leave(l *listing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l.waiting--; l.waiting > 0 {
		return
	}
	l.cancel()
	if f.current == l {
		f.current = nil
	}
}

func (f *Finder) run(ctx context.Context, l *listing) {
	defer close(l.done)
	l.index, l.began, l.err = f.list(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current != l { // nobody waits any more
		return
	}
	f.current = nil
	if l.err == nil {
		f.last = l
	}
}

func (f *Finder) list(ctx context.Context) (index *Index, began time.Time, err error) {
	index = NewIndex()
	for page, err := range f.reader.Pages(ctx, f.api) {
		if err != nil {
			return nil, began, err
		}
		if began.IsZero() {
			began = page.Asked
		}
		for _, havip := range page.HaVIPs {
			index.Add(havip)
		}
	}
	if f.verify != nil {
		err = f.verify(ctx, index, began)
	}
	return index, began, err
}
