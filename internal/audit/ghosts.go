package audit

import (
	"context"

	"havip/internal/queue"
)

// ghosts looks for IDs without a task: what an evicting Redis or a hand leaves behind.
func (x *examination) ghosts(ctx context.Context, q *queue.Tasks) error {
	seen := map[string]bool{}
	var names []string
	for _, r := range queue.Ranges() {
		ids, err := q.Ghosts(ctx, r, x.Fix)
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
	d := warning(CodeGhosts, "lane "+q.Lane.String(), "The queue holds %s of tasks that do not exist: %s (of the first and last %d of each list).",
		counted(len(names), "id"), examples(names), queue.RangeSize).
		saying("Their tasks were evicted or deleted by hand. Each keeps a worker from its work for a second, and stays active for ever.",
			"Run `enqueue doctor --fix`: it removes the ids, and items that lost their task get a new one. Workers do the same, a range at a time.")
	if x.Fix {
		d.Repaired = "Removed " + counted(len(names), "id") + "."
	}
	return x.tell(d)
}
