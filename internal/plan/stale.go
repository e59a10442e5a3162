package plan

import "fmt"

// Stale returns why apply would now do something else with the row than planned, or "". Begun says that an
// earlier run started to apply this plan. It is pure.
//
// Progress since the plan was made (an item finished, or was retried) is not stale, because apply does
// nothing in either case. Nor are items that an earlier run of this plan enqueued.
func Stale(planned, now Row, begun bool) string {
	switch {
	case now.Action == Conflict, now.Action == Duplicate:
		return now.Concern.Why
	case planned.Action != Create && now.Action == Create:
		return fmt.Sprintf("was %s when the plan was made, and is no longer in the ledger", planned.State)
	case planned.Action.Enqueues() && now.Action == Canceled:
		return "was to be created, but was canceled since the plan was made"
	case planned.Action.Enqueues() && now.Action == Deleted:
		return "was to be created, but was rolled back since the plan was made"
	case planned.Action == Create && now.Action != Create && !begun:
		return fmt.Sprintf("was to be created, but is already %s: another command enqueued it since the plan was made", now.State)
	}
	return ""
}
