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

// unserved looks for a lane that nobody works for.
func (x *examination) unserved(ctx context.Context, q *queue.Tasks) error {
	l := q.Lane
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
		d := warning(CodeQueuePaused, subject, "asynq's queue of the lane is paused since %s; %s.", paused.UTC().Format(time.RFC3339), words.Count(int(size.Waiting()), "task waits", "tasks wait")).
			saying("Somebody paused it with asynqmon or asynq's command line: no worker takes its tasks.", "Run `enqueue resume "+l.String()+"`, or resume the queue where it was paused.")
		if err := x.tell(d); err != nil {
			return err
		}
	}
	switch {
	case x.served[l.Queue()]:
		return nil
	case size.Waiting() == 0:
		return x.tell(note(CodeNoWorker, subject, "No worker serves the lane, and it has no tasks."))
	}
	return x.tellUnserved(ctx, q, size)
}

// tellUnserved tells of a lane with tasks that nobody takes, on a second look.
func (x *examination) tellUnserved(ctx context.Context, q *queue.Tasks, size queue.Sizes) error {
	l, subject := q.Lane, "lane "+q.Lane.String()
	waiting, err := x.waitsFor(ctx, l, "")
	if err != nil {
		return err
	}
	if !waiting {
		return x.tell(note(CodeNoWorker, subject, "No worker serves the lane; %s, of items that have ended: the next worker clears them away.",
			words.Count(int(size.Waiting()), "task waits", "tasks wait")))
	}
	if unserved, err := q.StaysUnserved(ctx, x.SecondLook); err != nil || !unserved {
		return err
	}
	return x.tell(warning(CodeNoWorker, subject, "No worker serves the lane; %s.", words.Count(int(size.Waiting()), "task waits", "tasks wait")).
		saying("Its items stay as they are.", "Start one: `worker --lane "+l.String()+"`."))
}

// holds tells what of the lane is suspended, and why.
func (x *examination) holds(ctx context.Context, l tasks.Lane) error {
	holds, err := lane.NewBreaker(x.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return err
	}
	for _, hold := range holds {
		waiting, err := x.waitsFor(ctx, l, hold.SubnetID)
		if err != nil {
			return err
		}
		d := Diagnosis{
			Code: CodeHeld, Severity: redisconn.Warn, Subject: "lane " + l.String(),
			What: heldText(hold, x.Now().Add(x.redisAhead)),
			Means: "BCE refused a request for a reason that concerns more than its item. Items are waiting and no attempts are counted; " +
				"one item at a time probes.",
			Fix: "Fix what BCE reports (the key, a permission, the quota, the subnet). A worker that is started probes at once.",
		}
		if !waiting { // nothing probes, so that the suspension outlives its cause
			d = note(CodeHeld, d.Subject, "%s", d.What+" No item is waiting for it.")
		}
		if err := x.tell(d); err != nil {
			return err
		}
	}
	return nil
}

func heldText(hold lane.Suspension, now time.Time) string {
	what := "The lane"
	if hold.SubnetID != "" {
		what = "Subnet " + hold.SubnetID
	}
	reason := strings.TrimRight(strings.TrimSpace(hold.Code+": "+hold.Message), ": ")
	return what + " has been suspended for " + max(0, now.Sub(hold.Since)).Round(time.Second).String() + ", after " +
		counted(hold.Failures, "refusal") + ": " + textOf(reason).shown() + "."
}

// errFound ends a search.
var errFound = errors.New("found")

// waitsFor reports whether an unfinished item is in the lane, and in the subnet unless that is "". Of a large ledger it looks at a
// part, and takes what it has not seen for waiting.
func (x *examination) waitsFor(ctx context.Context, l tasks.Lane, subnetID string) (bool, error) {
	looked, err := x.unfinished(ctx, 0, func(_ string, items []ledger.Item) error {
		for _, item := range items {
			request, err := tasks.RequestOf(item.Spec)
			if queue.LaneOf(item) == l && (err != nil || subnetID == "" || request.SubnetID == subnetID) {
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
