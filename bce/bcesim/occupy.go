package bcesim

import "net/http"

// occupy limits a token to one call at a time, if the personality does.
func (s *Server) occupy(x *exchange) *Error {
	concurrent := s.options.Personality.Concurrent
	if concurrent != ConcurrentRefuse && concurrent != ConcurrentBlock {
		return nil
	}
	if x.call.ClientToken == "" || !x.call.Operation.mutates() {
		return nil
	}
	key := s.tokenKey(x)
	for {
		other := s.tryOccupy(x, key)
		if other == nil {
			return nil
		}
		if concurrent == ConcurrentRefuse {
			return refuseWith(http.StatusConflict, CodeRequestInProgress,
				"a request with the clientToken %q is in progress", x.call.ClientToken)
		}
		<-other
	}
}

// tryOccupy takes the token, or returns a channel that is closed when the call that has it ends.
func (s *Server) tryOccupy(x *exchange, key string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.busy[key]; other != nil {
		return other
	}
	mine := make(chan struct{})
	s.busy[key] = mine
	x.release = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.busy, key)
		close(mine)
	}
	return nil
}
