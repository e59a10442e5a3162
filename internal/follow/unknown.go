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

// unknownAge is the age of a batch's oldest unknown outcome.
type unknownAge struct {
	read  time.Time
	since ledger.Millis
}

// text is "" without an unknown outcome. If the age cannot be read, the last one is kept: the watcher itself reports that
// Redis is unavailable.
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
	return "unknown for " + words.Time(time.Since(u.since.Time()))
}
