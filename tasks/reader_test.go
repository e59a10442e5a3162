package tasks

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"havip/bce"
)

// pagedLister is a BCE that has n HaVIPs, lists size a page, and takes one listing request a second. Its
// requests take a moment.
type pagedLister struct {
	n, size int

	mu      sync.Mutex
	last    time.Time
	lists   int
	refused int
	// fail, if set, may answer a request for the page that begins at a HaVIP.
	fail func(from int) error
}

func (p *pagedLister) ListHaVIPs(ctx context.Context, o bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	if err := pause(ctx, 10*time.Millisecond); err != nil {
		return nil, &bce.Error{Kind: bce.KindCanceled, Err: err}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lists++
	if !p.last.IsZero() && time.Since(p.last) < time.Second {
		p.refused++
		return nil, &bce.Error{Kind: bce.KindAPI, StatusCode: 429, Code: bce.CodeRateLimit}
	}
	p.last = time.Now()
	from, _ := strconv.Atoi(o.Marker)
	if p.fail != nil {
		if err := p.fail(from); err != nil {
			return nil, err
		}
	}
	out := &bce.ListHaVIPsOutput{}
	for i := from; i < min(from+p.size, p.n); i++ {
		name := fmt.Sprint("vip-", i)
		out.HaVIPs = append(out.HaVIPs, bce.HaVIP{ID: "havip-" + name, Name: name, SubnetID: "sbn-1"})
	}
	if from+p.size < p.n {
		out.NextMarker = strconv.Itoa(from + p.size)
	}
	return out, nil
}

// everySecond is a rate of one request a second.
type everySecond struct {
	mu   sync.Mutex
	next time.Time
}

func (r *everySecond) Wait(ctx context.Context) error {
	r.mu.Lock()
	now := time.Now()
	at := now
	if r.next.After(now) {
		at = r.next
	}
	r.next = at.Add(time.Second)
	r.mu.Unlock()
	return pause(ctx, at.Sub(now))
}

// A listing of any length ends: it pays the rate for each page, and takes as long as it takes.
func TestFinderListsManyPages(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1000, 100, 10} {
		t.Run(fmt.Sprint(size, " a page"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				lister := &pagedLister{n: 2503, size: size}
				f := NewFinder(lister, &everySecond{})
				ids, err := f.IDs(t.Context(), time.Now())
				if err != nil || len(ids) != 2503 || lister.refused > 0 || lister.lists != (2503+size-1)/size {
					t.Errorf("%d of 2503 in %d requests, %d refused: %v", len(ids), lister.lists, lister.refused, err)
				}
				found, _, err := f.Find(t.Context(), Request{Name: "vip-2500", SubnetID: "sbn-1"}, time.Time{})
				if err != nil || len(found) != 1 || found[0].ID != "havip-vip-2500" {
					t.Errorf("found %+v: %v", found, err)
				}
			})
		})
	}
}

// A page that failed is asked for again, and not the pages before it.
func TestReaderRepeatsAPageFromItsMarker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := map[int]int{}
		lister := &pagedLister{n: 50, size: 10, fail: func(from int) error {
			if asked[from]++; from == 30 && asked[from] < readAttempts {
				return api(503, "Busy")
			}
			return nil
		}}
		n := 0
		for page, err := range (Reader{Rate: &everySecond{}}).Pages(t.Context(), lister) {
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.HaVIPs)
		}
		if n != 50 || lister.lists != 4+readAttempts {
			t.Errorf("%d HaVIPs in %d requests, %v", n, lister.lists, asked)
		}
	})
}

func TestReaderRepeatsTransientFailures(t *testing.T) {
	t.Parallel()
	denied := api(403, bce.CodeAccessDenied)
	busy := func(n int) (errs []error) {
		for range n {
			errs = append(errs, api(500, ""))
		}
		return errs
	}
	for name, test := range map[string]struct {
		errs  []error
		lists int
		fails bool
	}{
		"at once":     {nil, 1, false},
		"5xx":         {[]error{api(500, bce.CodeInternalError), api(503, "x")}, 3, false},
		"throttled":   {[]error{api(429, "x"), api(400, bce.CodeRateLimit)}, 3, false},
		"in words":    {[]error{&bce.Error{Kind: bce.KindAPI, StatusCode: 400, Code: "x", Message: "Too many requests"}}, 2, false},
		"network":     {[]error{&bce.Error{Kind: bce.KindBroken}, &bce.Error{Kind: bce.KindUnreadable, StatusCode: 200}}, 3, false},
		"expired":     {[]error{api(400, bce.CodeRequestExpired)}, 2, false},
		"too often":   {busy(readAttempts), readAttempts, true},
		"a no":        {[]error{denied}, 1, true},
		"not of BCE":  {[]error{errors.New("odd")}, 1, true},
		"never local": {[]error{&bce.Error{Kind: bce.KindLocal}}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				err := Reader{}.Read(t.Context(), func(context.Context) error {
					if sent++; sent <= len(test.errs) {
						return test.errs[sent-1]
					}
					return nil
				})
				if (err != nil) != test.fails || sent != test.lists {
					t.Errorf("%d requests: %v", sent, err)
				}
			})
		})
	}
}

// A read that does not reach BCE ends early if the reader has little patience with that, and says meanwhile that it retries. Once a
// page was read, the next one has more patience.
func TestReaderEndsUnreached(t *testing.T) {
	t.Parallel()
	const patience = 5 * time.Second
	dial := &bce.Error{Kind: bce.KindDial}
	for name, test := range map[string]struct {
		fails     error
		unreached time.Duration
		from      int // the page that fails
		early     bool
	}{
		"unreached":            {dial, patience, 0, true},
		"of a patient reader":  {dial, 0, 0, false},
		"on the second page":   {dial, patience, 10, false},
		"reached, with no end": {&bce.Error{Kind: bce.KindBroken, Sent: true}, patience, 0, false},
		"busy":                 {api(503, "Busy"), patience, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				lister := &pagedLister{n: 20, size: 10}
				var began time.Time
				lister.fail = func(from int) error {
					if from < test.from {
						return nil
					}
					if began.IsZero() {
						began = time.Now()
					}
					return test.fails
				}
				retries := 0
				reader := Reader{Rate: &everySecond{}, Unreached: test.unreached, Retrying: func(*bce.Error) { retries++ }}
				var end error
				for _, err := range reader.Pages(t.Context(), lister) {
					end = err
				}
				took, failed := time.Since(began), lister.lists-test.from/lister.size
				if !errors.Is(end, test.fails) || retries != failed-1 || retries == 0 {
					t.Errorf("%d requests failed, %d retries: %v", failed, retries, end)
				}
				if early := failed < readAttempts; early != test.early || early && (took < patience || took > patience+2*time.Second) {
					t.Errorf("gave up after %v and %d requests", took, failed)
				}
			})
		})
	}
}

// A listing that gets no page for minutes ends, and says of what.
func TestReaderEndsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, sent := time.Now(), 0
		err := Reader{}.Read(t.Context(), func(ctx context.Context) error {
			sent++
			err := pause(ctx, time.Minute)
			return &bce.Error{Kind: bce.KindTimeout, Sent: true, Err: err}
		})
		if !errors.Is(err, errReadTimeout) || time.Since(began) != readTimeout || sent < 2 {
			t.Errorf("after %v and %d requests: %v", time.Since(began), sent, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := (Reader{Rate: &everySecond{next: time.Now().Add(time.Hour)}}).Read(ctx, nil); !errors.Is(err, context.Canceled) || errors.Is(err, errReadTimeout) {
			t.Errorf("of a caller that has gone: %v", err)
		}
	})
}

// endlessLister has always another page.
type endlessLister struct{ next func(n int) string }

func (l *endlessLister) ListHaVIPs(_ context.Context, o bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	n, _ := strconv.Atoi(o.Marker)
	return &bce.ListHaVIPsOutput{NextMarker: l.next(n)}, nil
}

func TestPagesEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next  func(n int) string
		pages int
		want  string
	}{
		"a circle":   {func(n int) string { return strconv.Itoa((n + 1) % 3) }, 4, "listing repeats a marker after 4 pages"},
		"for ever":   {func(n int) string { return strconv.Itoa(n + 1) }, maxPages, "listing has more than 5000 pages"},
		"same again": {func(int) string { return "1" }, 2, "listing repeats a marker after 2 pages"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := 0
			var end error
			for _, err := range (Reader{}).Pages(t.Context(), &endlessLister{test.next}) {
				if end = err; err == nil {
					pages++
				}
			}
			if pages != test.pages || end == nil || end.Error() != test.want {
				t.Errorf("%d pages: %v", pages, end)
			}
		})
	}
}

// The end of the caller that began a listing does not end it for those who wait for it, too; and once nobody
// waits, it ends.
func TestFinderOutlivesTheCallerThatBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lister := &pagedLister{n: 100, size: 10}
		f := NewFinder(lister, &everySecond{})
		first, leave := context.WithCancel(t.Context())
		start := time.Now()
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := f.IDs(first, start); !errors.Is(err, context.Canceled) {
				t.Errorf("the first got %v", err)
			}
		})
		synctest.Wait()
		callers.Go(func() {
			if ids, err := f.IDs(t.Context(), start); err != nil || len(ids) != 100 {
				t.Errorf("the second got %d: %v", len(ids), err)
			}
		})
		synctest.Wait()
		leave()
		callers.Wait()
		if lister.lists != 10 {
			t.Errorf("%d requests for one listing of 10 pages", lister.lists)
		}
		// Nobody waits any more.
		alone, leave := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer leave()
		if _, err := f.IDs(alone, time.Now()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		before := lister.lists
		<-time.After(time.Minute)
		if lister.lists != before || before >= 20 {
			t.Errorf("%d requests, and %d after everybody had left", before, lister.lists-before)
		}
		if ids, err := f.IDs(t.Context(), time.Now()); err != nil || len(ids) != 100 {
			t.Errorf("who comes later got %d: %v", len(ids), err)
		}
	})
}
