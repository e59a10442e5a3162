package lane

// Verdict is what a request that was let through says about its lane.
type Verdict struct {
	good  bool
	fault *Fault
	// neutralOnLane: the fault proves nothing about the lane.
	neutralOnLane bool
}

// Good is the verdict of a request that BCE answered about the item itself: created, or refused
// for a reason of the item's own.
func Good() Verdict { return Verdict{good: true} }

// Neutral is the verdict of a request that proves nothing about the lane: it was not sent, was
// throttled, or has an unknown outcome.
func Neutral() Verdict { return Verdict{} }

// Faulty is the verdict of a request that met a fault of the lane or of its subnet.
func Faulty(target Target, code, message string) Verdict {
	return Verdict{fault: &Fault{Target: target, Code: code, Message: message}}
}

// narrowedFor is the verdict for a request admitted so. A fault of lane or subnet, met by the probe
// of the subnet while the lane was not held, is what the subnet is held for already. It extends
// that hold and proves nothing about the lane, where requests of other subnets are answered well.
func (v Verdict) narrowedFor(a Admission) Verdict {
	if v.fault == nil || v.fault.Target != TargetBoth || !a.Probe || a.Suspension.Target != TargetSubnet {
		return v
	}
	fault := *v.fault
	fault.Target = TargetSubnet
	return Verdict{fault: &fault, neutralOnLane: true}
}

// proof is what a verdict says of the lane, as apart from the subnet.
type proof int

const (
	provesNothing proof = iota
	laneWell
	laneFaulty
)

// proof of a verdict. An answer that the subnet is full proves key, permission and clock.
func (v Verdict) proof() proof {
	switch {
	case v.neutralOnLane, v.fault == nil && !v.good:
		return provesNothing
	case v.fault == nil || v.fault.Target == TargetSubnet:
		return laneWell
	default:
		return laneFaulty
	}
}
