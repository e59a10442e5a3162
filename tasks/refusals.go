package tasks

import (
	"slices"
	"strings"
	"sync"

	"havip/bce"
)

// maxUnknown is how many refusals with unknown codes in a row are treated as being about the items.
const maxUnknown = 4

// refusals counts consecutive refusals with unknown codes while nothing is created. BCE's set of codes is open. A code
// that every item receives is probably about the account or BCE itself ("ServiceUpgrading"), so it suspends the lane
// and the items wait. All unknown codes count together, because a faulty service may answer with several. A success
// resets the count. The zero value is ready; it is safe for concurrent use.
type refusals struct {
	mu sync.Mutex
	n  int
}

// classify counts the outcome of a create and returns the outcome to record. SuspendedFor is the code for which the
// lane is suspended, if this request is its probe: an unknown code does not end a suspension for an unknown code, even
// if another worker counted the refusals. An item of unknown outcome keeps it and is looked up.
func (r *refusals) classify(o Outcome, suspendedFor string) Outcome {
	refused := (o.Class == ClassRejected || o.Class == ClassMismatch) && o.Status != 0 && isUnknown(o.Code)
	if !refused && o.Class != ClassCreated {
		return o
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !refused {
		r.n = 0
		return o
	}
	if r.n++; r.n > maxUnknown || stillUnknown(o, suspendedFor) {
		o.Class, o.Scope, o.Lookup = ClassLaneFault, ScopeLane, o.Class == ClassMismatch
	}
	return o
}

// stillUnknown reports whether a probe's refusal adds nothing: both its code and the code of the lane's suspension are unknown.
func stillUnknown(o Outcome, suspendedFor string) bool {
	return o.Status != 0 && suspendedFor != "" && isUnknown(suspendedFor) && isUnknown(o.Code)
}

// isUnknown reports whether the code is not known to be about the item, the lane or the account.
func isUnknown(code string) bool {
	return !isAboutItem(code) && laneScope(&bce.Error{Code: code}) == ""
}

// isAboutItem matches codes that refuse an item's request, by their parts. A code that names the account or the service
// is not about the item.
func isAboutItem(code string) bool {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(code, part) })
	}
	return has(bce.CodeInappropriateJSON, bce.CodeMalformedJSON, bce.CodePreconditionFailed, bce.CodeNoSuchObject,
		"PrivateIp", "PrivateIP", "Param", "Subnet", "Vpc", "VPC", "HaVip", "HAVIP", "Name",
		"NoSuch", "NotFound", "NotExist", "InUse", "Conflict", "Duplicate") &&
		!has("Account", "User", "Service", "Region", "Order", "Operation")
}
