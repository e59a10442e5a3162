package bcesim

// gate holds calls that [FaultGateBefore] or [FaultGateAfter] hit, in the order in which they came, until
// somebody lets them go on. The caller of its methods holds the server's lock.
type gate struct {
	waiting []chan struct{}
}

// join adds a call to those that wait. It goes on when the channel is closed.
func (g *gate) join() <-chan struct{} {
	released := make(chan struct{})
	g.waiting = append(g.waiting, released)
	return released
}

// open lets the first n calls go on; 0 means all that wait now.
func (g *gate) open(n int) {
	if n == 0 || n > len(g.waiting) {
		n = len(g.waiting)
	}
	for _, released := range g.waiting[:n] {
		close(released)
	}
	g.waiting = g.waiting[n:]
}

// atGate waits until the call is let go on by [Server.OpenGate], or the server is closed. A client that
// leaves does not end it.
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

// OpenGate lets the n calls go on that have waited longest at a gate; 0 means all that wait now. Calls that
// come later wait again while their fault is in force.
func (s *Server) OpenGate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.open(n)
}

// AtGate is how many calls wait at a gate.
func (s *Server) AtGate() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.gate.waiting)
}
