package lane

import (
	"context"
	"errors"
	"testing"
)

func newSlowStart() *slowStart { return &slowStart{changed: make(chan struct{})} }

func mustFly(t *testing.T, s *slowStart, isProbe, want bool) (generation int) {
	t.Helper()
	generation, ok := s.enter(isProbe)
	if ok != want {
		t.Fatalf("lets a request fly: %v, want %v", ok, want)
	}
	return generation
}

// The slow start may begin anew between the wait for it and the breaker's answer.
func TestLaneSlowStartIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	s := newSlowStart()
	mustFly(t, s, false, true)
	mustFly(t, s, false, false)
	mustFly(t, s, true, true) // the breaker lets only one probe fly
}

// It begins anew by the fault itself, also when the hold could not be opened.
func TestLaneSlowStartGoesByProof(t *testing.T) {
	t.Parallel()
	s := newSlowStart()
	s.leave(mustFly(t, s, false, true), laneWell)
	bad, late := mustFly(t, s, false, true), mustFly(t, s, false, true)
	s.leave(bad, laneFaulty)
	mustFly(t, s, false, false)
	s.leave(late, laneWell)
	next := mustFly(t, s, false, true)
	mustFly(t, s, false, false) // a success of before the fault proved nothing
	s.leave(next, provesNothing)
	s.leave(mustFly(t, s, false, true), laneWell)
	mustFly(t, s, false, true)
	mustFly(t, s, false, true)
}

// A caller that gives up is told of the lane's suspension as long as there is one.
func TestLaneSlowStartForgetsAnEndedSuspension(t *testing.T) {
	t.Parallel()
	suspension := Admission{Suspension: &Suspension{Target: TargetLane, Code: "X"}}
	for name, end := range map[string]func(*slowStart){
		"another's clear": func(s *slowStart) { s.learn(Admission{Allowed: true}) },
		"one's own":       func(s *slowStart) { s.leave(s.generation, laneWell) },
	} {
		s := newSlowStart()
		s.learn(suspension)
		var held *SuspendedError
		if err := s.explain(context.Canceled); !errors.As(err, &held) || held.Suspension.Code != "X" {
			t.Errorf("%s: held: %v", name, err)
		}
		end(s)
		if err := s.explain(context.Canceled); errors.As(err, &held) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: over: %v", name, err)
		}
	}
}
