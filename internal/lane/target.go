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
	// TargetDeletions suspends the lane's deletions. It stands in for the subnet, which a deletion does not name.
	TargetDeletions Target = "deletions"
	// TargetBoth suspends the lane and, separately, the request's part of it: its subnet, or the deletions. It is for a fault that
	// may be about either: a request of another part may prove that the lane works, and the part stays suspended. No [Suspension]
	// has this target; there are two.
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

// each returns the suspensions that the target stands for, after a request of this part.
func (t Target) each(p part) []Target {
	switch t {
	case TargetBoth:
		return []Target{TargetLane, p.target()}
	case TargetSubnet:
		return []Target{p.target()}
	default:
		return []Target{t}
	}
}

// part is what a request is about besides the lane: a subnet's ID, or deletions; "" for neither.
type part string

// deletions is no subnet's ID.
const deletions = part(TargetDeletions)

func (p part) target() Target {
	if p == deletions {
		return TargetDeletions
	}
	return TargetSubnet
}

// subnetID returns the part's subnet, if it is one.
func (p part) subnetID() string {
	if p == deletions {
		return ""
	}
	return string(p)
}

// subnetField is the prefix of the fields of subnets' suspensions.
const subnetField = "subnet:"

// field returns the target's field in the lane's hash.
func (t Target) field(p part) string {
	if t == TargetSubnet {
		return subnetField + string(p)
	}
	return string(t)
}

// fieldsOf returns the fields of all suspensions that can refuse a request. The part's comes first: it is the more specific
// reason, and the one for which an item is postponed.
func fieldsOf(p part) []string {
	if p == "" {
		return []string{TargetLane.field("")}
	}
	return []string{p.target().field(p), TargetLane.field("")}
}
