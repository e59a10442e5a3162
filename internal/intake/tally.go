package intake

import (
	"fmt"

	"havip/internal/cli"
	"havip/internal/words"
	"havip/lifecycle"
	"havip/tasks"
)

// tally counts the enqueued rows and the others.
type tally struct{ created, requeued, same, conflicts int64 }

func (t *tally) add(answers []tasks.Comparison) {
	for _, answer := range answers {
		switch answer.Result {
		case lifecycle.RegisteredNew:
			t.created++
		case lifecycle.RegisteredRepair:
			t.requeued++
		case lifecycle.RegisteredConflict:
			t.conflicts++
		default:
			t.same++
		}
	}
}

func (t *tally) total() int64 { return t.created + t.requeued + t.same + t.conflicts }

// conflictError reports conflicts that another producer caused after the comparison.
func (t *tally) conflictError(file string) error {
	if t.conflicts == 0 {
		return nil
	}
	return cli.Failf(cli.ExitInvalidInput, "%s: %s: another producer changed the batch meanwhile; see `enqueue plan`",
		file, words.Count(t.conflicts, "row conflicts", "rows conflict"))
}

func (t tally) String() string {
	if t.created+t.requeued == 0 && t.same == 1 {
		return "nothing to do; the item is already in the batch"
	}
	if t.created+t.requeued == 0 {
		return fmt.Sprintf("nothing to do; all %s items are already in the batch", words.Number(t.same))
	}
	text := words.Count(t.created, "item", "items") + " enqueued"
	if t.requeued > 0 {
		text += ", " + words.Number(t.requeued) + " requeued"
	}
	if t.same > 0 {
		text += ", " + words.Number(t.same) + " already in the batch"
	}
	return text
}
