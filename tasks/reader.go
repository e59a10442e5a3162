package tasks

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"havip/bce"
)

// Rate limits requests.
type Rate interface {
	// Wait returns nil when one request may be sent, or an error when ctx ends first.
	Wait(ctx context.Context) error
}

// Lister reads one page of a lane's listing; [*bce.Client] implements it.
type Lister interface {
	ListHaVIPs(ctx context.Context, options bce.ListOptions) (*bce.ListHaVIPsOutput, error)
}

const (
	// readAttempts bounds how often one read is sent: in a listing of a hundred pages, some requests fail transiently.
	readAttempts = 8
	// readDelayCap bounds the wait before the next attempt, because a user waits for verify and plan.
	readDelayCap = 20 * time.Second
	// readTimeout bounds one read, including its retries and waits for the rate. A listing as a whole is not bounded: it continues while it
	// gets pages.
	readTimeout = 5 * time.Minute
	// maxPages bounds a listing, at five million HaVIPs.
	maxPages = 5000
)

var (
	// errReadTimeout is the cause when a read timed out.
	errReadTimeout = fmt.Errorf("no answer within %v", readTimeout)
	// errRepeatedMarker reports that a listing returned to a page that was already read.
	errRepeatedMarker = errors.New("listing repeats a marker")
)

// Reader reads a lane: each request waits for the lane's rate and is retried after a transient failure. Reads change nothing, so retrying
// is always safe. It is safe for concurrent use.
type Reader struct {
	// Rate spaces the requests; nil for no limit.
	Rate Rate
	// Unreached limits how long a read is retried while no request reaches BCE; 0 means like any other failure. It does not apply to
	// later pages of a listing, because the first one proves that the address is right.
	Unreached time.Duration
	// Retrying, if set, is called with the failure before a request is sent again. It must be as safe for concurrent use as the reader
	// is used.
	Retrying func(*bce.Error)
}

// Read runs one read; send sends it once.
func (r Reader) Read(ctx context.Context, send func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, readTimeout, errReadTimeout)
	defer cancel()
	err := r.read(limited, send)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errReadTimeout, err)
	}
	return err
}

func (r Reader) read(ctx context.Context, send func(ctx context.Context) error) error {
	var began time.Time
	for n := 1; ; n++ {
		if r.Rate != nil {
			if err := r.Rate.Wait(ctx); err != nil {
				return err
			}
		}
		if n == 1 {
			began = time.Now()
		}
		err := send(ctx)
		var refused *bce.Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &refused) || n == readAttempts || !Retryable(refused) {
			return err
		}
		delay := RetryDelay(n, refused.RetryAfter, readDelayCap)
		if r.Unreached > 0 && Unreached(refused) {
			left := r.Unreached - time.Since(began)
			if left <= 0 {
				return err
			}
			delay = min(delay, left)
		}
		if r.Retrying != nil {
			r.Retrying(refused)
		}
		if pause(ctx, delay) != nil {
			return err
		}
	}
}

// Unreached reports whether no byte of a request reached BCE: a refused connection, an unknown name, a failed TLS handshake.
func Unreached(e *bce.Error) bool { return e.Kind.Transport() && !e.Sent }

// Retryable reports whether a read that failed with e may succeed if it is retried. This includes an expired signature, because the client
// corrects its clock by that refusal.
func Retryable(e *bce.Error) bool {
	return e.Kind.Transport() || e.Kind == bce.KindUnreadable || e.StatusCode == http.StatusTooManyRequests ||
		e.StatusCode >= http.StatusInternalServerError || e.Code == bce.CodeRequestExpired ||
		isThrottling(e.Code) || saysThrottled(e.Message)
}

// Page is one page of a listing.
type Page struct {
	*bce.ListHaVIPsOutput
	// Asked is when the page's request was sent.
	Asked time.Time
}

// Pages iterates over a listing of the lane. A failed page is requested again from its own marker. The sequence ends after the first error,
// so a listing is complete if and only if there was no error.
func (r Reader) Pages(ctx context.Context, api Lister) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		seen, reader := map[string]bool{}, r
		for marker := ""; ; {
			page, err := reader.page(ctx, api, marker)
			seen[marker] = true
			next := ""
			if err == nil {
				next = page.NextMarker
			}
			switch {
			case !yield(page, err) || next == "":
				return
			case seen[next]:
				yield(Page{}, fmt.Errorf("%w after %d pages", errRepeatedMarker, len(seen)))
				return
			case len(seen) == maxPages:
				yield(Page{}, fmt.Errorf("listing has more than %d pages", maxPages))
				return
			}
			marker, reader.Unreached = next, 0
		}
	}
}

func (r Reader) page(ctx context.Context, api Lister, marker string) (page Page, err error) {
	err = r.Read(ctx, func(ctx context.Context) (err error) {
		page.Asked = time.Now()
		page.ListHaVIPsOutput, err = api.ListHaVIPs(ctx, bce.ListOptions{Marker: marker})
		return err
	})
	return page, err
}
