package console

import (
	"context"
	"slices"
	"time"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/report"
	"havip/tasks"
)

// laneView is what is known of a lane.
type laneView struct {
	Lane  tasks.Lane
	Sizes queue.Sizes
	// Pause is nil unless somebody paused the lane, and QueuePaused zero unless its queue was paused with asynq's own tools.
	Pause       *lane.Suspension
	QueuePaused time.Time
	Suspensions []lane.Suspension
	// Limit is nil unless somebody set one.
	Limit   *lane.Limit
	InForce lane.InForce
	// Workers are the names of those that serve the lane.
	Workers []string
}

// Status is the first of the things that stop a lane, else whether anything serves it.
func (l laneView) Status() string {
	suspended := slices.ContainsFunc(l.Suspensions, func(s lane.Suspension) bool { return s.Target == lane.TargetLane })
	switch {
	case l.Pause != nil || !l.QueuePaused.IsZero():
		return "paused"
	case suspended:
		return "suspended"
	case len(l.Workers) == 0:
		return "no worker"
	case len(l.Suspensions) > 0 && l.Suspensions[0].Target == lane.TargetDeletions:
		return "deletions suspended"
	case len(l.Suspensions) > 0:
		return "subnet suspended"
	default:
		return "serving"
	}
}

// NeedsAttention reports whether a person may have to do something about the lane.
func (l laneView) NeedsAttention() bool {
	return l.Status() != "serving" && (l.Status() != "no worker" || l.Sizes.Waiting() > 0)
}

// Name is the lane as account/region.
func (l laneView) Name() string { return l.Lane.String() }

// Ceiling is the rate of creates in force, 0 for no limit; nil if it is not known.
func (l laneView) Ceiling() *float64 { return l.InForce.RPS() }

func lanesPage(ctx context.Context, v *visit) (content, error) {
	lanes, err := v.lanes(ctx)
	return content{template: "lanes.html", Title: v.T("Lanes"), Section: "/lanes", Data: lanes}, err
}

// lanes reads all lanes, by name.
func (v *visit) lanes(ctx context.Context) ([]laneView, error) {
	known, err := v.session.Lanes(ctx)
	if err != nil {
		return nil, err
	}
	workers, err := report.Workers(ctx, v.session)
	if err != nil {
		return nil, err
	}
	views := make([]laneView, len(known))
	for i, l := range known {
		if views[i], err = v.lane(ctx, l, workers); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// lane reads one lane; workers are all of them.
func (v *visit) lane(ctx context.Context, l tasks.Lane, workers []report.WorkerLane) (view laneView, err error) {
	view.Lane = l
	operator, q := lane.NewOperator(v.session.Redis, l.String()), queue.Of(v.session.Redis, l)
	if view.Sizes, err = q.Sizes(ctx); err != nil {
		return view, err
	}
	if view.QueuePaused, err = q.PausedSince(ctx); err != nil {
		return view, err
	}
	if view.Pause, err = operator.Paused(ctx); err != nil {
		return view, err
	}
	if view.Suspensions, err = lane.NewBreaker(v.session.Redis, l.String()).Suspensions(ctx); err != nil {
		return view, err
	}
	if view.Limit, err = operator.Limit(ctx); err != nil {
		return view, err
	}
	for _, w := range workers {
		if w.Lane == l.String() && !w.Silent {
			view.Workers = append(view.Workers, w.Worker)
		}
	}
	view.InForce, err = operator.InForce(ctx)
	return view, err
}
