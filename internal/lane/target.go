package lane

import "havip/tasks"

// Target is what a lane fault holds back.
type Target string

// The targets.
const (
	// TargetLane holds every request of the lane.
	TargetLane Target = "lane"
	// TargetSubnet holds the requests of one subnet.
	TargetSubnet Target = "subnet"
	// TargetBoth holds the lane and, on its own account, the subnet. It is for a fault of
	// which nobody can say which of the two it is about: an item of another subnet may prove
	// the lane well, and the subnet stays held. No [Suspension] has this target; there are two.
	TargetBoth Target = "lane+subnet"
)

// TargetOf is what a fault of the given scope holds. A key, an opt-in and the clock are the
// lane's. BCE does not document whether the quota of HaVIPs is the account's or a VPC's, and a
// denial does not say whether it is about the subnet: both hold lane and subnet. A full subnet
// concerns nobody else. A scope that is not known holds the lane: holding too much costs time,
// holding too little costs calls.
func TargetOf(scope tasks.Scope) Target {
	switch scope {
	case tasks.ScopeSubnet:
		return TargetSubnet
	case tasks.ScopeQuota, tasks.ScopeDenied:
		return TargetBoth
	case tasks.ScopeLane, tasks.ScopeClock:
		return TargetLane
	default:
		return TargetLane
	}
}

// each lists the holds that the target stands for.
func (t Target) each() []Target {
	if t == TargetBoth {
		return []Target{TargetLane, TargetSubnet}
	}
	return []Target{t}
}

// subnetField marks the fields of subnets' holds.
const subnetField = "subnet:"

// field is the target's place in the lane's hash.
func (t Target) field(subnetID string) string {
	if t == TargetSubnet {
		return subnetField + subnetID
	}
	return string(TargetLane)
}

// fieldsOf are the places of all that can hold a request back: the subnet's first, since a
// held subnet is the more exact reason, and the one for which an item is put aside.
func fieldsOf(subnetID string) []string {
	if subnetID == "" {
		return []string{TargetLane.field("")}
	}
	return []string{TargetSubnet.field(subnetID), TargetLane.field("")}
}
