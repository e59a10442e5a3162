package tasks

import (
	"context"
	"sync"
	"time"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// Finder lists a lane's HaVIPs for many items: BCE has no lookup by name or token, and one listing per item would be too many.
// Callers that ask during a listing share it or the next one. It is safe for concurrent use.
type Finder struct {
	api    Lister
	reader Reader
	// verify fails a listing that is not complete; it may be nil.
	verify func(ctx context.Context, index *Index, began time.Time) error
	// uptime returns the workers' uptime so far; it may be nil.
	uptime func(ctx context.Context) (lifecycle.Uptime, error)
	// dateOf returns BCE's time for an answer with that date; nil returns the date itself.
	dateOf func(date time.Time) time.Time

	mu sync.Mutex
	// last is the last complete listing, current the running one; each may be nil.
	last, current *listing
}

// NewFinder returns a finder. The rate, if not nil, limits the pages of listings.
func NewFinder(api Lister, rate Rate) *Finder {
	return &Finder{api: api, reader: Reader{Rate: rate}}
}

// listing is one listing of all HaVIPs in a lane. It runs while a caller waits for it.
type listing struct {
	// waiting counts the callers that wait, under the finder's lock; cancel ends the listing.
	waiting int
	cancel  context.CancelFunc

	// done is closed when the listing has ended and the fields below are set.
	done chan struct{}
	// began is when the first page was requested, uptime the workers' uptime then or a little earlier. The index
	// contains what existed then.
	began  time.Time
	uptime lifecycle.Uptime
	index  *Index
	// date is BCE's time and read ours for the same page; both are zero if no page had a date.
	date, read time.Time
	err        error

	// verifying is a mutex that also ends with a context; it guards the fields below.
	verifying chan struct{}
	verified  bool
	verifyErr error
}

// listed returns the HaVIP as the listing shows it; nil if the listing does not show it, or is nil.
func (l *listing) listed(haVIPID string) *ledger.ListedHaVIP {
	if l == nil || l.index.byID[haVIPID] == nil {
		return nil
	}
	return listedOf(*l.index.byID[haVIPID], l.date, l.read)
}

// Find returns the HaVIPs that have the request's subnet and its name or address, from a complete listing that began at
// or after notBefore, and the workers' uptime when it began.
func (f *Finder) Find(ctx context.Context, request Request, notBefore time.Time) (there []bce.HaVIP, at lifecycle.Uptime, err error) {
	l, err := f.complete(ctx, notBefore)
	if err != nil {
		return nil, 0, err
	}
	return l.index.Like(request), l.uptime, nil
}

// IDs returns the haVipIds of a complete listing that began at or after notBefore.
func (f *Finder) IDs(ctx context.Context, notBefore time.Time) ([]string, error) {
	l, err := f.complete(ctx, notBefore)
	if err != nil {
		return nil, err
	}
	return l.index.IDs(), nil
}

// complete is like since, but verifies once that the listing is complete, as a proof of absence requires. It drops an
// incomplete listing.
func (f *Finder) complete(ctx context.Context, notBefore time.Time) (*listing, error) {
	l, err := f.since(ctx, notBefore)
	if err != nil || f.verify == nil {
		return l, err
	}
	select {
	case l.verifying <- struct{}{}:
		defer func() { <-l.verifying }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.verified {
		return l, l.verifyErr
	}
	err = f.verify(ctx, l.index, l.began)
	if ctx.Err() == nil {
		l.verified, l.verifyErr = true, err
	}
	if err != nil {
		f.drop(l)
		return nil, err
	}
	return l, nil
}

func (f *Finder) drop(l *listing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == l {
		f.last = nil
	}
}

// since returns a listing that began at or after notBefore. It may be incomplete; see complete. If it fails, all its
// callers get the error.
func (f *Finder) since(ctx context.Context, notBefore time.Time) (*listing, error) {
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
			return l, nil
		}
	}
}

// join returns the last listing if it began late enough, else the running one, which it starts if there is none.
func (f *Finder) join(ctx context.Context, notBefore time.Time) *listing {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.current
	switch {
	case f.last != nil && !f.last.began.Before(notBefore):
		l = f.last
	case l == nil:
		// Other callers may still wait when this one ends.
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		l = &listing{cancel: cancel, done: make(chan struct{}), verifying: make(chan struct{}, 1)}
		f.current = l
		go f.run(ctx, l)
	}
	l.waiting++
	return l
}

// leave stops a listing that no caller waits for; a later caller starts another.
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
	l.err = f.list(ctx, l)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current != l { // no caller waits any more
		return
	}
	f.current = nil
	if l.err == nil {
		f.last = l
	}
}

func (f *Finder) list(ctx context.Context, l *listing) error {
	l.index = NewIndex()
	if f.uptime != nil {
		at, err := f.uptime(ctx)
		if err != nil {
			return err
		}
		l.uptime = at
	}
	for page, err := range f.reader.Pages(ctx, f.api) {
		if err != nil {
			return err
		}
		if l.began.IsZero() {
			l.began = page.Asked
		}
		date := page.Date
		if f.dateOf != nil {
			date = f.dateOf(date)
		}
		l.note(date, time.Now())
		for _, havip := range page.HaVIPs {
			l.index.Add(havip)
		}
	}
	return nil
}

// note keeps the date of the answer that was fastest.
func (l *listing) note(date, read time.Time) {
	if !date.IsZero() && (l.date.IsZero() || date.Sub(read) > l.date.Sub(l.read)) {
		l.date, l.read = date, read
	}
}
