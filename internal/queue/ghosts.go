package queue

import (
	"context"
	"fmt"
)

var ghostsScript = script("ghosts")

// Range is a part of a queue where IDs of tasks stand.
type Range struct {
	name        string
	first, last int
}

// Ranges are all that workers take IDs from or leave them in. Of the pending tasks, both ends: the
// next to be taken are at its end.
func Ranges() []Range {
	ranges := []Range{{"pending", -RangeSize, -1}}
	for _, name := range []string{"active", "lease", "pending", "scheduled", "retry", "archived", "completed"} {
		ranges = append(ranges, Range{name, 0, RangeSize - 1})
	}
	return ranges
}

// Ghosts are the IDs of a range that stand for no task: what an evicting Redis or a hand leaves
// behind. Each would keep a worker from its work for a second, and stay active for ever. With
// remove, they are removed.
func (q *Queue) Ghosts(ctx context.Context, r Range, remove bool) ([]string, error) {
	flag := 0
	if remove {
		flag = 1
	}
	answer, err := ghostsScript.Run(ctx, q.rdb, []string{q.Key(r.name)}, q.taskPrefix(), r.first, r.last, flag).Slice()
	if err != nil {
		return nil, fmt.Errorf("ids in %s of queue %s: %w", r.name, q.name, err)
	}
	if len(answer) != 2 {
		return nil, fmt.Errorf("unexpected answer %v from a script", answer)
	}
	list, _ := answer[1].([]any)
	ghosts := make([]string, len(list))
	for i, value := range list {
		ghosts[i], _ = value.(string)
	}
	return ghosts, nil
}
