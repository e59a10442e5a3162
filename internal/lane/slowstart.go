package lane

import (
	"context"
	"sync"
)

// slowStart admits one request at a time until one has proved that the lane works.
type slowStart struct {
	mu       sync.Mutex
	proven   bool
	inFlight int
	// generation counts the resets, so that a request from before a reset proves nothing after it.
	generation int
	// suspension is the lane's suspension when last seen.
	suspension *Suspension
	// changed is closed and replaced when a request ends.
	changed chan struct{}
}

// wait returns when another request may be sent.
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

// enter counts a request as in flight. A probe may always enter: the breaker admits only one.
func (s *slowStart) enter(probe bool) (generation int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !probe && !s.proven && s.inFlight > 0 {
		return 0, false
	}
	s.inFlight++
	return s.generation, true
}

// learn processes the breaker's answer.
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

// undo resets the slow start. The caller has locked mu.
func (s *slowStart) undo() {
	s.proven = false
	s.generation++
}

// leave counts a request of the given generation as ended, and what it proved about the lane.
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

// explain adds the lane's suspension, if any, to the error that ended a wait.
func (s *slowStart) explain(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.suspension == nil {
		return err
	}
	return &SuspendedError{Suspension: *s.suspension, cause: err}
}
