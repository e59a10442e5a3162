package bcesim

// gate blocks calls that [FaultGateBefore] or [FaultGateAfter] hit until they are released, first in, first
// out. The caller of its methods holds the server's lock.
type gate struct {
	waiting []chan struct{}
}

// join adds a waiting call. It is released when the channel is closed.
func (g *gate) join() <-chan struct{} {
	released := make(chan struct{})
	g.waiting = append(g.waiting, released)
	return released
}

// open releases the first n calls; 0 means all that wait now.
func (g *gate) open(n int) {
	if n == 0 || n > len(g.waiting) {
		n = len(g.waiting)
	}
	for _, released := range g.waiting[:n] {
		close(released)
	}
	g.waiting = g.waiting[n:]
}

// atGate waits until [Server.OpenGate] releases the call, or the server is closed, even if the client leaves.
func (s *Server) atGate(hit bool) {
	if !hit {
		return
	}
	s.mu.Lock()
	released := s.gate.join()
	s.mu.Unlock()
	select {
	case <-released:
	case <-s.closed:
	}
}

// OpenGate releases the n calls that have waited longest at a gate; 0 means all that wait now. Later calls
// wait while their fault is in force.
func (s *Server) OpenGate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.open(n)
}

// AtGate returns how many calls wait at a gate.
func (s *Server) AtGate() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.gate.waiting)
}
