package console

import (
	"context"
	"time"

	"havip/internal/report"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// itemView is the page of an item.
type itemView struct {
	tasks.Result
	Record ledger.Record
	Lane   laneView
	// Why says why the item is in its state, and what happens next.
	Why      []string
	Attempts []attemptView
	// Damaged is the error of a request log that cannot be read completely.
	Damaged string
}

// Candidates are the HaVIPs that may be its own, if it is in review.
func (i itemView) Candidates() []lifecycle.Candidate { return i.Record.Candidates }

// itemAction is an action that would change the item.
type itemAction struct{ Op, Label string }

// Actions are those that would change the item.
func (i itemView) Actions() (possible []itemAction) {
	if action, _ := i.Record.RetryAction(); action == lifecycle.RetryLookUpFirst {
		possible = append(possible, itemAction{"retry", "Look up and retry"})
	} else if action != lifecycle.RetryNone {
		possible = append(possible, itemAction{"retry", "Retry"})
	}
	if action, _ := i.Record.ResolveAction(""); action != lifecycle.ResolveNone {
		possible = append(possible, itemAction{opExclude, "None is its own"})
	}
	if action, _ := i.Record.CancelAction(); action != lifecycle.CancelNone {
		possible = append(possible, itemAction{"cancel", "Cancel"})
	}
	if action, _ := i.Record.RollbackAction(); action != lifecycle.RollbackNone {
		possible = append(possible, itemAction{"rollback", "Roll back"})
	}
	return possible
}

// attemptView is one request in the item's time line.
type attemptView struct {
	ledger.Attempt
	// Took is how long it took; 0 if that is not known.
	Took time.Duration
}

// Deletes reports whether the request was to delete the HaVIP.
func (a attemptView) Deletes() bool { return a.Op == ledger.OpDelete }

func itemPage(ctx context.Context, v *visit) (content, error) {
	item, err := v.session.Ledger.Item(ctx, v.query("batch"), v.query("key"))
	if err != nil {
		return content{}, err
	}
	result, err := tasks.ResultOf(item)
	if err != nil {
		return content{}, err
	}
	view := itemView{Result: result, Record: item.Record}
	workers, err := report.Workers(ctx, v.session)
	if err != nil {
		return content{}, err
	}
	if view.Lane, err = v.lane(ctx, tasks.Lane{Account: item.Account, Region: item.Region}, workers); err != nil {
		return content{}, err
	}
	paused, err := v.session.Ledger.IsPaused(ctx, item.Batch)
	if err != nil {
		return content{}, err
	}
	view.Why = v.why(item, paused, view.Lane)
	attempts, err := v.session.Ledger.Attempts(ctx, item)
	if report.IsDamage(err) {
		view.Damaged, err = err.Error(), nil
	}
	for _, a := range attempts {
		view.Attempts = append(view.Attempts, attemptView{a, time.Duration(a.DurationMS) * time.Millisecond})
	}
	return content{template: "item.html", Title: item.Key, Section: "/", Data: view}, err
}
