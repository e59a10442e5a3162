package audit

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"havip/bce"
	"havip/tasks"
)

// Cloud is what is read of a lane in BCE; [*bce.Client] is one.
type Cloud interface {
	ListHaVIPs(ctx context.Context, options bce.ListOptions) (*bce.ListHaVIPsOutput, error)
	GetHaVIP(ctx context.Context, haVIPID string) (*bce.GetHaVIPOutput, error)
}

const (
	// readAttempts bounds how often one read is sent: over a listing of a hundred pages, something
	// that passes by itself comes up now and then.
	readAttempts = 5
	// readDelayCap bounds the wait before the next attempt; somebody looks on.
	readDelayCap = 20 * time.Second
)

// reader reads a lane: at the lane's pace, and again where a read failed of something that passes.
// Reads change nothing, so that they may be repeated whatever became of the last.
type reader struct {
	api Cloud
	// rate is nil for none.
	rate tasks.Rate
	// pause waits; tests give their own.
	pause func(ctx context.Context, d time.Duration) error
}

// page reads one page of the lane's listing.
func (r *reader) page(ctx context.Context, marker string) (*bce.ListHaVIPsOutput, error) {
	var page *bce.ListHaVIPsOutput
	err := r.read(ctx, func() (err error) {
		page, err = r.api.ListHaVIPs(ctx, bce.ListOptions{Marker: marker})
		return err
	})
	return page, err
}

// get reads one HaVIP; found is false when BCE says that there is none.
func (r *reader) get(ctx context.Context, id string) (h bce.HaVIP, found bool, err error) {
	err = r.read(ctx, func() error {
		out, err := r.api.GetHaVIP(ctx, id)
		if err == nil {
			h, found = out.HaVIP, true
		}
		return err
	})
	if NotFound(err) {
		return bce.HaVIP{}, false, nil
	}
	return h, found, err
}

func (r *reader) read(ctx context.Context, send func() error) error {
	for n := 1; ; n++ {
		if r.rate != nil {
			if err := r.rate.Wait(ctx); err != nil {
				return err
			}
		}
		err := send()
		var refused *bce.Error
		switch {
		case err == nil, ctx.Err() != nil, !errors.As(err, &refused):
			return err
		case n == readAttempts, !passes(refused):
			return err
		}
		if err := r.pause(ctx, tasks.RetryDelay(n, refused.RetryAfter, readDelayCap)); err != nil {
			return err
		}
	}
}

// passes reports whether a read that failed so may succeed when it is repeated.
func passes(e *bce.Error) bool {
	switch {
	case e.Kind.Transport(), e.Kind == bce.KindUnreadable:
		return true
	case e.StatusCode == http.StatusTooManyRequests, e.StatusCode >= http.StatusInternalServerError:
		return true
	}
	// The client corrects its clock by the refusal of a date.
	return e.Code == bce.CodeRequestExpired || strings.Contains(e.Code, bce.CodeRateLimit)
}

// NotFound reports whether BCE says that there is no such HaVIP or subnet. Neither status nor code is
// documented for them; these are the words that its services use. Anything else proves nothing.
func NotFound(err error) bool {
	var refused *bce.Error
	if !errors.As(err, &refused) || refused.Kind != bce.KindAPI || refused.Code == bce.CodeInvalidVersion {
		return false
	}
	for _, word := range []string{bce.CodeNoSuchObject, "NoSuch", "NotFound", "NotExist"} {
		if strings.Contains(refused.Code, word) {
			return true
		}
	}
	return refused.StatusCode == http.StatusNotFound
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
