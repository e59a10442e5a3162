package audit

import (
	"context"
	"strings"
	"time"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/internal/words"
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
	unfinished, err := x.ledger.Active(ctx, 0, 1)
	if err != nil {
		return err
	}
	if len(unfinished) == 0 {
		return x.tell(note(CodeNoWorker, subject, "No worker serves the lane; %s, of items that have ended: the next worker clears them away.",
			words.Count(int(size.Waiting()), "task waits", "tasks wait")))
	}
	if unserved, err := q.StaysUnserved(ctx, x.SecondLook); err != nil || !unserved {
		return err
	}
	return x.tell(warning(CodeNoWorker, subject, "No worker serves the lane; %s.", words.Count(int(size.Waiting()), "task waits", "tasks wait")).
		saying("Its items stay as they are.", "Start one: `worker --lane "+l.String()+"`."))
}

// holds tells what of the lane is held back, and why.
func (x *examination) holds(ctx context.Context, l tasks.Lane) error {
	holds, err := lane.NewBreaker(x.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return err
	}
	for _, hold := range holds {
		d := Diagnosis{
			Code: CodeHeld, Severity: redisconn.Warn, Subject: "lane " + l.String(),
			What: heldText(hold, x.Now().Add(x.redisAhead)),
			Means: "BCE refused a request for a reason that concerns more than its item. The items wait, uncounted; one at a time " +
				"tries whether it is over.",
			Fix: "Mend what BCE names (the key, a permission, the quota, the subnet). A worker that is started tries at once.",
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
	return what + " is held back for " + max(0, now.Sub(hold.Since)).Round(time.Second).String() + ", after " +
		counted(hold.Failures, "refusal") + ": " + textOf(reason).shown() + "."
}
