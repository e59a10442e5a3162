package main

import (
	"context"
	"time"

	"havip/internal/session"
	"havip/internal/words"
	"havip/ledger"
)

// doubtEvery spaces the looks at a batch's oldest doubt.
const doubtEvery = time.Second

// doubtWatch tells how old the oldest doubt of a batch is.
type doubtWatch struct {
	looked time.Time
	since  ledger.Millis
}

// line is "" while nothing is in doubt. Where it cannot be read, what was read last stands: it is the
// batch's reader who tells of a Redis that is away.
func (d *doubtWatch) line(ctx context.Context, s *session.Session, batch string) string {
	if time.Since(d.looked) >= doubtEvery {
		d.looked = time.Now()
		if since, err := s.Ledger.OldestDoubt(ctx, batch); err == nil {
			d.since = since
		}
	}
	if d.since == 0 {
		return ""
	}
	return "in doubt for " + words.Time(time.Since(d.since.Time()))
}
