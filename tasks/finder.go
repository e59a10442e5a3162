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
	// lived is the time that workers lived through so far; it may be nil.
	lived func(ctx context.Context) (lifecycle.Lived, error)
	// dateOf is the time of BCE's clock at an answer of that date that was just read; nil is the date alone.
	dateOf func(date time.Time) time.Time

	mu sync.Mutex
	// last is the last listing that came to its end, current the one under way; each may be nil.
	last, current *listing
}

// NewFinder returns a finder. The rate, if not nil, limits the pages of listings.
func NewFinder(api Lister, rate Rate) *Finder {
	return &Finder{api: api, reader: Reader{Rate: rate}}
}

// listing is one listing of all HaVIPs in a lane. It runs while a caller waits for it.
type listing struct {
	// waiting counts those who wait, under the finder's lock; cancel ends the listing.
	waiting int
	cancel  context.CancelFunc

	// done is closed when the listing has ended, and what follows is set.
	done chan struct{}
	// began is when the first page was asked for, and livedAt that or a little earlier: what existed then is in
	// the index.
	began   time.Time
	livedAt lifecycle.Lived
	index   *Index
	// date is BCE's clock at the moment read of ours, by one of the pages; both are zero when none was dated.
	date, read time.Time
	err        error

	// verifying has room for the one who verifies, and guards what follows.
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

// Find returns the HaVIPs that have the request's subnet and its name or address, from a complete listing
// that began at or after notBefore, and when in the time that workers lived through it began.
func (f *Finder) Find(ctx context.Context, request Request, notBefore time.Time) (there []bce.HaVIP, at lifecycle.Lived, err error) {
	l, err := f.complete(ctx, notBefore)
	if err != nil {
		return nil, 0, err
	}
	return l.index.Like(request), l.livedAt, nil
}

// IDs returns the haVipIds of a complete listing that began at or after notBefore.
func (f *Finder) IDs(ctx context.Context, notBefore time.Time) ([]string, error) {
	l, err := f.complete(ctx, notBefore)
	if err != nil {
		return nil, err
	}
	return l.index.IDs(), nil
}

// complete is since for what is not shown: that the listing is complete is verified, once. One that is not
// serves nobody else.
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

// since returns a listing that began at or after notBefore. What it shows exists; see also complete. Those who
// waited while one failed do not each try again.
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
	if f.current != l { // nobody waits any more
		return
	}
	f.current = nil
	if l.err == nil {
		f.last = l
	}
}

func (f *Finder) list(ctx context.Context, l *listing) error {
	l.index = NewIndex()
	if f.lived != nil {
		at, err := f.lived(ctx)
		if err != nil {
			return err
		}
		l.livedAt = at
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

// note keeps the date of the answer that was the shortest under way.
func (l *listing) note(date, read time.Time) {
	if !date.IsZero() && (l.date.IsZero() || date.Sub(read) > l.date.Sub(l.read)) {
		l.date, l.read = date, read
	}
}
