package audit

import (
	"context"

	"havip/internal/queue"
)

// danglingIDs looks for IDs without a task, which remain after Redis evicted tasks or they were deleted by hand.
func (x *examination) danglingIDs(ctx context.Context, q *queue.Tasks) error {
	seen := map[string]bool{}
	var names []string
	for _, r := range queue.Ranges() {
		ids, err := q.DanglingIDs(ctx, r, x.Fix)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				names = append(names, id)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	d := warning(CodeGhosts, q.Subject(), "The queue has %s of tasks that do not exist: %s (of the first and last %d of each list).",
		counted(len(names), "id"), examples(names), queue.RangeSize).
		meaning("Their tasks were evicted or deleted by hand. Each id delays a worker by a second, and stays active forever.",
			"Run `enqueue doctor --fix`: it removes the ids, and enqueues items without a task again. Workers do the same, a range at a time.")
	if x.Fix {
		d.Repaired = "Removed " + counted(len(names), "id") + "."
	}
	return x.report(d)
}
