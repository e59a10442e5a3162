package follow

import (
	"context"
	"time"

	"havip/internal/session"
	"havip/internal/words"
	"havip/ledger"
)

// unknownEvery spaces the reads of a batch's oldest unknown outcome.
const unknownEvery = time.Second

// unknownAge tells how old the oldest unknown outcome of a batch is.
type unknownAge struct {
	read  time.Time
	since ledger.Millis
}

// text is "" without an unknown outcome. If it cannot be read, the last one read stands: that Redis is away
// is the watcher's to tell.
func (u *unknownAge) text(ctx context.Context, s *session.Session, batch string) string {
	if time.Since(u.read) >= unknownEvery {
		u.read = time.Now()
		if since, err := s.Ledger.OldestUnknown(ctx, batch); err == nil {
			u.since = since
		}
	}
	if u.since == 0 {
		return ""
	}
	return "in doubt for " + words.Time(time.Since(u.since.Time()))
}
