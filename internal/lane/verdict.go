package lane

// Verdict says what a request that was admitted proves about its lane.
type Verdict struct {
	good  bool
	fault *Fault
	// throttled is BCE's refusal for too many requests; it has no target.
	throttled *Fault
	// neutralOnLane is true if the fault proves nothing about the lane.
	neutralOnLane bool
}

// Good is the verdict of a request that BCE answered about the item itself: it created the HaVIP, or refused it for
// a reason of the item's own.
func Good() Verdict { return Verdict{good: true} }

// Neutral is the verdict of a request that proves nothing about the lane: it was not sent, or has an unknown outcome.
func Neutral() Verdict { return Verdict{} }

// Throttled is the verdict of a request that BCE refused for too many requests. It proves nothing about the lane but its rate.
func Throttled(code, message string) Verdict {
	return Verdict{throttled: &Fault{Code: code, Message: message}}
}

// Faulty is the verdict of a request that met a fault of the lane or of its subnet.
func Faulty(target Target, code, message string) Verdict {
	return Verdict{fault: &Fault{Target: target, Code: code, Message: message}}
}

// narrowedFor returns the verdict for a request with this admission. If the probe of a subnet or of
// deletions meets a fault of it or the lane while the lane is not suspended, the part is already suspended for it. The fault extends
// that suspension and proves nothing about the lane, where requests of other parts succeed.
func (v Verdict) narrowedFor(a Admission) Verdict {
	if v.fault == nil || v.fault.Target != TargetBoth || !a.Probe || a.Suspension.Target == TargetLane {
		return v
	}
	fault := *v.fault
	fault.Target = a.Suspension.Target
	return Verdict{fault: &fault, neutralOnLane: true}
}

// proof is what a verdict proves about the lane, as opposed to the subnet.
type proof int

const (
	provesNothing proof = iota
	laneWell
	laneFaulty
)

// proof returns what the verdict proves. A full subnet proves that key, permission and clock are right.
func (v Verdict) proof() proof {
	switch {
	case v.neutralOnLane, v.fault == nil && !v.good:
		return provesNothing
	case v.fault == nil || v.fault.Target == TargetSubnet || v.fault.Target == TargetDeletions:
		return laneWell
	default:
		return laneFaulty
	}
}
