package bcesim

import (
	"sync"
	"time"
)

// clock is the server's: a base clock and an offset that can be set.
type clock struct {
	base   func() time.Time
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset)
}

// Now returns the time on the server's clock.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the server's clock by d, which may be negative. Tokens age, rate limits refill,
// and requests of clients whose clock is not moved expire.
func (s *Server) Advance(d time.Duration) {
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	s.clock.offset += d
}

// SetTime sets the server's clock to t; it then advances with its base clock.
func (s *Server) SetTime(t time.Time) {
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	s.clock.offset = t.Sub(s.clock.base())
}
