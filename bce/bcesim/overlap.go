package bcesim

import (
	"context"
	"time"
)

// leavingGrace is how much later than its caller's next request the server may notice that
// the caller left the one before: the news travel on two connections.
const leavingGrace = 100 * time.Millisecond

// flight is a call with a token that is under way, measured in real time.
type flight struct {
	stop func() bool
	// left is when the client was seen to leave, before its answer.
	left time.Time
	// met are the calls with the same token that arrived meanwhile.
	met []meeting
}

// meeting is one call's arrival while another was under way.
type meeting struct {
	at time.Time
	// held is shared by all meetings of the arriving call, which counts but once.
	held *bool
}

// depart notes that a call with a token is under way, and whom it meets; ctx ends when
// the client leaves. The caller holds
// the server's lock.
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
		arrival := meeting{at: time.Now(), held: new(bool)}
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

// land takes a call out of the air, and judges those it met: they overlapped only if its
// client was still there when they arrived. The caller holds the server's lock.
func (s *Server) land(x *exchange) {
	if x.flight == nil {
		return
	}
	x.flight.stop()
	for _, m := range x.flight.met {
		gone := !x.flight.left.IsZero() && x.flight.left.Before(m.at.Add(leavingGrace))
		if !gone && !*m.held {
			*m.held = true
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

// flightKey is the token within the key that the request claims, for overlaps are counted
// before signatures are verified.
func (s *Server) flightKey(x *exchange) string { return x.call.AccessKeyID + "\n" + x.call.ClientToken }
