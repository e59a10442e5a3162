package plan

import (
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// Action is what apply does with a row, or the item's state if apply does nothing.
type Action string

// The actions. Apply enqueues the first two; a file with a duplicate or a conflict is refused.
const (
	// Create: the item is not in the ledger.
	Create Action = "create"
	// Requeue: it is registered, but has no task.
	Requeue Action = "requeue"
	// Running: it is in progress.
	Running Action = "running"
	// Done: it has its HaVIP.
	Done Action = "done"
	// Failed: it was rejected, or is in review.
	Failed Action = "failed"
	// Canceled: it was canceled.
	Canceled Action = "canceled"
	// Deleted: its HaVIP was rolled back.
	Deleted Action = "deleted"
	// Duplicate: an item of another batch has the same request; see [tasks.Duplicate].
	Duplicate Action = "duplicate"
	// Conflict: its key has another request, or its clientToken belongs to another item.
	Conflict Action = "conflict"
)

// Enqueues reports whether apply enqueues a task for such a row.
func (a Action) Enqueues() bool { return a == Create || a == Requeue }

// open reports whether a HaVIP may still be created for such a row.
func (a Action) open() bool { return a.Enqueues() || a == Running }

// actionOf returns the action for a comparison with the ledger.
func (p *Planner) actionOf(c tasks.Comparison) Action {
	switch {
	case c.Duplicate != nil && !c.Duplicate.SameBatch && !p.AllowDuplicates:
		return Duplicate
	case c.Result == lifecycle.RegisteredNew:
		return Create
	case c.Result == lifecycle.RegisteredRepair:
		return Requeue
	case c.Result == lifecycle.RegisteredConflict:
		return Conflict
	case !c.State.Terminal():
		return Running
	case c.State == ledger.Rejected, c.State == ledger.Review:
		return Failed
	case c.State == ledger.Canceled:
		return Canceled
	case c.State == ledger.Deleted:
		return Deleted
	default:
		return Done
	}
}
