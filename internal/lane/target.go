package lane

import "havip/tasks"

// Target is what a lane fault suspends.
type Target string

// The targets.
const (
	// TargetLane suspends every request of the lane.
	TargetLane Target = "lane"
	// TargetSubnet suspends the requests of one subnet.
	TargetSubnet Target = "subnet"
	// TargetBoth suspends the lane and, separately, the subnet. It is for a fault that may be about either: a request of another
	// subnet may prove that the lane works, and the subnet stays suspended. No [Suspension] has this target; there are two.
	TargetBoth Target = "lane+subnet"
)

// TargetOf returns what a fault of the given scope suspends. A key, an opt-in and the clock belong to the lane. BCE does not
// document whether the quota of HaVIPs is per account or per VPC, and a denial does not say whether it is about the subnet:
// both suspend lane and subnet. A full subnet affects no other subnet. An unknown scope suspends the lane: suspending too much
// costs time, and suspending too little costs calls.
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

// each returns the suspensions that the target stands for.
func (t Target) each() []Target {
	if t == TargetBoth {
		return []Target{TargetLane, TargetSubnet}
	}
	return []Target{t}
}

// subnetField is the prefix of the fields of subnets' suspensions.
const subnetField = "subnet:"

// field returns the target's field in the lane's hash.
func (t Target) field(subnetID string) string {
	if t == TargetSubnet {
		return subnetField + subnetID
	}
	return string(TargetLane)
}

// fieldsOf returns the fields of all suspensions that can refuse a request. The subnet's comes first: it is the more specific
// reason, and the one for which an item is postponed.
func fieldsOf(subnetID string) []string {
	if subnetID == "" {
		return []string{TargetLane.field("")}
	}
	return []string{TargetSubnet.field(subnetID), TargetLane.field("")}
}
