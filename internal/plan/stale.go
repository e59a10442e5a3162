package plan

import "fmt"

// Stale is why a row no longer stands to the ledger as it was planned, in a way that matters: apply
// would do something else than the plan says; "" when it would not. Begun says that the plan's own
// applying was begun before. It is pure.
//
// What only went on since (what ran has ended, what failed was tried again) does not matter: apply
// does nothing there, then as now. Nor do the items that an earlier run of this plan put in.
func Stale(planned, now Row, begun bool) string {
	switch {
	case now.Action == Conflict, now.Action == Duplicate:
		return now.Concern.Why
	case planned.Action != Create && now.Action == Create:
		return fmt.Sprintf("was %s when the plan was made, and the ledger does not know it any more", planned.State)
	case planned.Action.Enqueues() && now.Action == Canceled:
		return "was to be created, and was canceled since the plan was made"
	case planned.Action.Enqueues() && now.Action == Deleted:
		return "was to be created, and was rolled back since the plan was made"
	case planned.Action == Create && now.Action != Create && !begun:
		return fmt.Sprintf("was to be created, and is %s already: somebody else put it in since the plan was made", now.State)
	}
	return ""
}
