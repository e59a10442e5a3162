package lane

import (
	"testing"
	"time"
)

// An answer that was under way when this process met a fault is of before it.
func TestViewTakesNoAnswerOfBeforeAFault(t *testing.T) {
	t.Parallel()
	var v view
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	asked := v.generation()
	v.forget(false)
	v.note(Admission{Allowed: true}, true, now, asked)
	if _, ok := v.open(now); ok {
		t.Error("believes that nothing is held")
	}
	v.note(Admission{Allowed: true}, true, now, v.generation())
	if _, ok := v.open(now); !ok {
		t.Error("does not believe the newest answer")
	}
}

// When nothing at all is held, no subnet is.
func TestViewForgetsRefusals(t *testing.T) {
	t.Parallel()
	var v view
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	refused := Admission{part: subnetA, Wait: time.Minute, Suspension: &Suspension{Target: TargetSubnet, SubnetID: subnetA}}
	v.note(refused, false, now, v.generation())
	if _, wait, ok := v.refusal(subnetA, now.Add(time.Millisecond)); !ok || wait != time.Minute-time.Millisecond {
		t.Errorf("refused: %v, for %v", ok, wait)
	}
	v.note(Admission{Allowed: true}, true, now, v.generation())
	if _, _, ok := v.refusal(subnetA, now); ok {
		t.Error("still refused")
	}
}
