package lane

import (
	"context"
	"sync"
)

// slowStart lets one request at a time fly until one has proved the lane well.
type slowStart struct {
	mu       sync.Mutex
	proven   bool
	inFlight int
	// generation counts the proofs undone, so that a request of before cannot prove what is after.
	generation int
	// suspension is the lane's hold, as last seen.
	suspension *Suspension
	// changed is closed and replaced when a request ends.
	changed chan struct{}
}

// wait returns when another request may fly.
func (s *slowStart) wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		free, changed := s.proven || s.inFlight == 0, s.changed
		s.mu.Unlock()
		if free {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// enter counts a request in. A probe always may: the breaker lets only one fly.
func (s *slowStart) enter(probe bool) (generation int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !probe && !s.proven && s.inFlight > 0 {
		return 0, false
	}
	s.inFlight++
	return s.generation, true
}

// learn takes in what the breaker answered.
func (s *slowStart) learn(a Admission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case a.Suspension != nil && a.Suspension.Target == TargetLane:
		s.suspension = a.Suspension
		s.undo()
	case a.Allowed:
		s.suspension = nil
	}
}

// undo begins anew; the caller has locked.
func (s *slowStart) undo() {
	s.proven = false
	s.generation++
}

// leave counts a request of the given era out, with what it proved of the lane.
func (s *slowStart) leave(generation int, proof proof) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	switch {
	case proof == laneFaulty:
		s.undo()
	case proof == laneWell && generation == s.generation:
		s.proven, s.suspension = true, nil
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// explain adds the lane's hold, if there is one, to the reason why a wait ended.
func (s *slowStart) explain(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.suspension == nil {
		return err
	}
	return &SuspendedError{Suspension: *s.suspension, cause: err}
}
