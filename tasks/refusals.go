package tasks

import (
	"slices"
	"strings"
	"sync"

	"havip/bce"
)

// mostUnknown is how many refusals in a row, with one code that nobody knows, are taken for words about the items.
const mostUnknown = 4

// refusals counts refusals in a row that carry one unknown code, while nothing is created. BCE's codes have no
// end. One that comes to the first item and to each after it is more likely about the account, or about BCE itself
// ("ServiceUpgrading"), than about every row of a file; so it holds the lane, and the items wait. What is created
// shows that it was about the items after all. The zero value is ready; it is safe for concurrent use.
type refusals struct {
	mu   sync.Mutex
	code string
	n    int
}

// judge takes in the outcome of a create, and returns what it is to count as. HeldFor is the code for which the
// lane is held, where the request tries whether that is over: the same code says that it is not, whichever worker
// counted before.
func (r *refusals) judge(o Outcome, heldFor string) Outcome {
	unknown := o.Class == ClassRejected && o.Status != 0 && !isAboutItem(o.Code)
	if !unknown && o.Class != ClassCreated {
		return o
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !unknown:
		r.code, r.n = "", 0
		return o
	case o.Code != r.code:
		r.code, r.n = o.Code, 0
	}
	if r.n++; r.n > mostUnknown || heldFor != "" && heldFor == o.Code {
		o.Class, o.Scope = ClassLaneFault, ScopeLane
	}
	return o
}

// isAboutItem knows the codes of refusals for what an item asks for, by parts: BCE's services have a name for
// each. What names the account, or the service, is not about the item, however it goes on.
func isAboutItem(code string) bool {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(code, part) })
	}
	return has(bce.CodeInappropriateJSON, bce.CodeMalformedJSON, bce.CodePreconditionFailed, bce.CodeNoSuchObject,
		"PrivateIp", "PrivateIP", "Param", "Subnet", "Vpc", "VPC", "HaVip", "HAVIP", "Name",
		"NoSuch", "NotFound", "NotExist", "InUse", "Conflict", "Duplicate") &&
		!has("Account", "User", "Service", "Region", "Order", "Operation")
}
