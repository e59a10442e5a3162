package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// unserved looks for a lane without a worker, or with a paused queue.
func (x *examination) unserved(ctx context.Context, l tasks.Lane) error {
	q := queue.Of(x.Redis, l)
	size, err := q.Sizes(ctx)
	if err != nil {
		return err
	}
	paused, err := q.PausedSince(ctx)
	if err != nil {
		return err
	}
	subject := "lane " + l.String()
	if !paused.IsZero() {
		d := warning(CodeQueuePaused, subject, "asynq's queue of the lane was paused at %s; %s.", paused.UTC().Format(time.RFC3339), words.Count(int(size.Waiting()), "task waits", "tasks wait")).
			meaning("It was paused with asynqmon or asynq's command line. No worker takes its tasks.", "Run `enqueue resume "+l.String()+"`, or resume the queue where it was paused.")
		if err := x.report(d); err != nil {
			return err
		}
	}
	switch {
	case x.served[l]:
		return nil
	case size.Waiting() == 0:
		return x.report(note(CodeNoWorker, subject, "No worker serves the lane, and it has no tasks."))
	}
	return x.reportUnserved(ctx, l, size)
}

// reportUnserved reports a lane with tasks but without a worker, if a second check confirms it.
func (x *examination) reportUnserved(ctx context.Context, l tasks.Lane, size queue.Sizes) error {
	subject := "lane " + l.String()
	waiting, err := x.waitsFor(ctx, l, lane.Suspension{Target: lane.TargetLane})
	if err != nil {
		return err
	}
	if !waiting {
		return x.report(note(CodeNoWorker, subject, "No worker serves the lane; %s, of finished items: the next worker removes them.",
			words.Count(int(size.Waiting()), "task waits", "tasks wait")))
	}
	if unserved, err := queue.Of(x.Redis, l).StaysUnserved(ctx, x.UnservedAfter); err != nil || !unserved {
		return err
	}
	remedy := "Start one: `worker --lane " + l.String() + "`."
	if x.Serve != "" {
		remedy = x.Serve + "."
	}
	return x.report(warning(CodeNoWorker, subject, "No worker serves the lane; %s.", words.Count(int(size.Waiting()), "task waits", "tasks wait")).
		meaning("Its items are not processed.", remedy))
}

// suspensions reports why the lane, or subnets of it, are suspended.
func (x *examination) suspensions(ctx context.Context, l tasks.Lane) error {
	suspensions, err := lane.NewBreaker(x.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return err
	}
	for _, suspended := range suspensions {
		waiting, err := x.waitsFor(ctx, l, suspended)
		if err != nil {
			return err
		}
		d := Diagnosis{
			Code: CodeSuspended, Severity: redisconn.SeverityWarning, Subject: "lane " + l.String(),
			What: suspensionText(suspended, x.Now().Add(x.redisAhead)),
			Means: "BCE refused a request for a reason that concerns more than its item. Items are waiting and no attempts are counted; " +
				"one item at a time probes.",
			Fix: "Fix what BCE reports (the key, a permission, the quota, the subnet). Workers try a changed key within ten seconds, and a worker that is started tries at once.",
		}
		if !waiting { // no item probes, so the suspension outlasts its cause
			d = note(CodeSuspended, d.Subject, "%s", d.What+" No item is waiting for it.")
		}
		if err := x.report(d); err != nil {
			return err
		}
	}
	return nil
}

func suspensionText(suspended lane.Suspension, now time.Time) string {
	what := "The lane has"
	switch suspended.Target {
	case lane.TargetSubnet:
		what = "Subnet " + suspended.SubnetID + " has"
	case lane.TargetDeletions:
		what = "The lane's deletions have"
	default:
	}
	reason := strings.TrimRight(strings.TrimSpace(suspended.Code+": "+suspended.Message), ": ")
	return what + " been suspended for " + max(0, now.Sub(suspended.Since)).Round(time.Second).String() + ", after " +
		counted(suspended.Failures, "refusal") + ": " + textOf(reason).shown() + "."
}

// errFound ends a scan.
var errFound = errors.New("found")

// waitsFor reports whether an unfinished item waits for the end of a suspension. It reads only a part of a large ledger and then
// assumes that there is one.
func (x *examination) waitsFor(ctx context.Context, l tasks.Lane, suspended lane.Suspension) (bool, error) {
	looked, err := x.unfinished(ctx, 0, func(_ string, items []ledger.Item) error {
		for _, item := range items {
			request, err := tasks.RequestOf(item.Spec)
			if tasks.LaneOf(item) == l && (err != nil || suspended.Concerns(request.SubnetID, item.Record.State == ledger.Deleting)) {
				return errFound
			}
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return looked >= itemsLooked, err
}
