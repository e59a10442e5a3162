package audit

import (
	"context"
	"fmt"

	"havip/tasks"
)

// rangeSize bounds how much of a list or set is looked at from one end.
const rangeSize = 1000

var ghostsScript = script("ghosts")

// idRange is a part of a queue where IDs stand.
type idRange struct {
	name        string
	first, last int
}

// idRanges are all that workers take IDs from or leave them in. Of the pending tasks, both ends: the
// next to be taken are at its end.
func idRanges() []idRange {
	ranges := []idRange{{"pending", -rangeSize, -1}}
	for _, name := range []string{"pending", "active", "lease", "scheduled", "retry", "archived", "completed"} {
		ranges = append(ranges, idRange{name, 0, rangeSize - 1})
	}
	return ranges
}

// ghosts looks for IDs without a task: what an evicting Redis or a hand leaves behind.
func (x *examination) ghosts(ctx context.Context, lane tasks.Lane) error {
	k := keysOf(lane)
	fix := 0
	if x.Fix {
		fix = 1
	}
	ids := map[string]bool{}
	var names []string
	for _, r := range idRanges() {
		answer, err := ghostsScript.Run(ctx, x.Redis, []string{k.key(r.name)}, k.taskPrefix(), r.first, r.last, fix).Slice()
		if err != nil {
			return err
		}
		if len(answer) != 2 {
			return fmt.Errorf("unexpected answer %v from a script", answer)
		}
		list, _ := answer[1].([]any)
		for _, value := range list {
			if id, _ := value.(string); !ids[id] {
				ids[id] = true
				names = append(names, id)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	d := warning(CodeGhosts, "lane "+lane.String(), "The queue holds %s of tasks that do not exist: %s (of the first and last %d of each list).",
		counted(len(names), "id"), examples(names), rangeSize).
		saying("Their tasks were evicted or deleted by hand. Each keeps a worker from its work for a second, and stays active for ever.",
			"Run `enqueue doctor --fix`: it removes the ids, and items that lost their task get a new one.")
	if x.Fix {
		d.Repaired = "Removed " + counted(len(names), "id") + "."
	}
	return x.tell(d)
}
