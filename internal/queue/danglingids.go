package queue

import (
	"context"
	"fmt"
)

var danglingIDsScript = script("danglingids")

// Range is a part of a queue that contains task IDs.
type Range struct {
	name        string
	first, last int
}

// Ranges returns all ranges from which workers take IDs or in which they leave them. It includes both ends of the pending
// tasks: the next tasks to run are at the end.
func Ranges() []Range {
	ranges := []Range{{"pending", -RangeSize, -1}}
	for _, name := range []string{"active", "lease", "pending", "scheduled", "retry", "archived", "completed"} {
		ranges = append(ranges, Range{name, 0, RangeSize - 1})
	}
	return ranges
}

// DanglingIDs returns the IDs of a range that have no task, because it was evicted or deleted. Each would block a worker for a
// second and stay active forever. With remove, DanglingIDs removes them.
func (q *Queue) DanglingIDs(ctx context.Context, r Range, remove bool) ([]string, error) {
	flag := 0
	if remove {
		flag = 1
	}
	answer, err := danglingIDsScript.Run(ctx, q.rdb, []string{q.Key(r.name)}, q.taskPrefix(), r.first, r.last, flag).Slice()
	if err != nil {
		return nil, fmt.Errorf("ids in %s of queue %s: %w", r.name, q.name, err)
	}
	if len(answer) != 2 {
		return nil, fmt.Errorf("unexpected answer %v from a script", answer)
	}
	list, _ := answer[1].([]any)
	dangling := make([]string, len(list))
	for i, value := range list {
		dangling[i], _ = value.(string)
	}
	return dangling, nil
}
