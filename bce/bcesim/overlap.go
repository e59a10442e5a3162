package bcesim

import (
	"context"
	"time"
)

// leavingGrace is how much later than the caller's next request the server may notice that the
// caller left the previous one: they use two connections.
const leavingGrace = 100 * time.Millisecond

// flight is a call with a token in progress, measured in real time.
type flight struct {
	stop func() bool
	// left is when the client left before its answer.
	left time.Time
	// met are the calls with the same token that arrived meanwhile.
	met []meeting
}

// meeting is one call's arrival while another was in progress.
type meeting struct {
	at time.Time
	// counted is shared by all meetings of the arriving call, which counts only once.
	counted *bool
}

// depart records that a call with a token begins, and the calls it meets; ctx ends when the client
// leaves. The caller holds the server's lock.
func (s *Server) depart(ctx context.Context, x *exchange) {
	if !x.call.Operation.mutates() {
		return
	}
	if x.call.ClientToken == "" {
		s.stats.WithoutToken++
		return
	}
	key := s.flightKey(x)
	if others := s.flights[key]; len(others) > 0 {
		s.stats.Overlaps++
		arrival := meeting{at: time.Now(), counted: new(bool)}
		for _, other := range others {
			other.met = append(other.met, arrival)
		}
	}
	f := &flight{}
	f.stop = context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.left = time.Now()
	})
	x.flight = f
	s.flights[key] = append(s.flights[key], f)
}

// land records that a call has ended. The calls that it met overlapped only if its client was still
// waiting when they arrived. The caller holds the server's lock.
func (s *Server) land(x *exchange) {
	if x.flight == nil {
		return
	}
	x.flight.stop()
	for _, m := range x.flight.met {
		gone := !x.flight.left.IsZero() && x.flight.left.Before(m.at.Add(leavingGrace))
		if !gone && !*m.counted {
			*m.counted = true
			s.stats.LiveOverlaps++
		}
	}
	key := s.flightKey(x)
	rest := s.flights[key][:0]
	for _, f := range s.flights[key] {
		if f != x.flight {
			rest = append(rest, f)
		}
	}
	if s.flights[key] = rest; len(rest) == 0 {
		delete(s.flights, key)
	}
}

// flightKey is the token and the access key that the request claims, because overlaps are counted
// before signatures are verified.
func (s *Server) flightKey(x *exchange) string { return x.call.AccessKeyID + "\n" + x.call.ClientToken }
