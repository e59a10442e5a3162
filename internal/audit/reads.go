package audit

import (
	"context"
	"iter"

	"havip/bce"
	"havip/tasks"
)

// Reads carries out reads of one lane: at the lane's pace, and again where a read failed of something
// that passes by itself. It is for one goroutine at a time.
type Reads struct{ r *reader }

// NewReads returns the reads of a lane. Rate, if not nil, spaces them.
func NewReads(api Cloud, rate tasks.Rate) *Reads {
	return &Reads{&reader{api: api, rate: rate, pause: pause}}
}

// Do carries out a read, which send sends once.
func (r *Reads) Do(ctx context.Context, send func() error) error { return r.r.read(ctx, send) }

// Pages goes through a listing of all that exists in the lane. It ends after the first error, so a
// listing is complete exactly if no error came.
func (r *Reads) Pages(ctx context.Context) iter.Seq2[*bce.ListHaVIPsOutput, error] {
	return r.r.pages(ctx)
}

// pages reads the lane's listing to its end. A listing that goes round in circles is an error.
func (r *reader) pages(ctx context.Context) iter.Seq2[*bce.ListHaVIPsOutput, error] {
	return func(yield func(*bce.ListHaVIPsOutput, error) bool) {
		seen := map[string]bool{}
		for marker := ""; ; {
			page, err := r.page(ctx, marker)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) || page.NextMarker == "" {
				return
			}
			if marker = page.NextMarker; seen[marker] {
				yield(nil, bce.ErrRepeatedMarker)
				return
			}
			seen[marker] = true
		}
	}
}
