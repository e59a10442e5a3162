package intake

import (
	"testing"

	"havip/internal/plan"
	"havip/tasks"
)

func TestAttentionGroupsByReason(t *testing.T) {
	t.Parallel()
	var a Attention
	for line := range 200 {
		why := "common"
		if line%2 == 0 && line < 40 || line == 150 {
			why = "rare"
		}
		a.Add(plan.Row{Row: tasks.Row{Line: line}, Concern: plan.Concern{Why: why}})
	}
	if len(a.Groups) != 2 || a.Rows != 200 || a.Unshown != 0 {
		t.Fatalf("%d groups of %d rows, %d not shown", len(a.Groups), a.Rows, a.Unshown)
	}
	rare, common := a.Groups[0], a.Groups[1]
	if rare.Rows != 21 || rare.Lines() != "0, 2, 4, 6, 8, 10, 12, 14 and 13 more" {
		t.Errorf("rare: %d rows, lines %s", rare.Rows, rare.Lines())
	}
	if common.Rows != 179 || common.Lines() != "1, 3, 5, 7, 9, 11, 13, 15 and 171 more" {
		t.Errorf("common: %d rows, lines %s", common.Rows, common.Lines())
	}
	var b Attention
	for line := range 2 * MaxAttention {
		for range 2 {
			b.Add(plan.Row{Row: tasks.Row{Line: line}, Concern: plan.Concern{Why: string(rune('A' + line))}})
		}
	}
	if len(b.Groups) != MaxAttention || b.Unshown != 2*MaxAttention || b.Rows != 4*MaxAttention {
		t.Errorf("%d groups, %d rows not shown", len(b.Groups), b.Unshown)
	}
	var c Attention
	for _, line := range []int{2, 3, 4, 7} {
		c.Add(plan.Row{Row: tasks.Row{Line: line}, Concern: plan.Concern{Why: "why"}})
	}
	if got := c.Groups[0].What(); got != "4 rows (lines 2-4, 7)" {
		t.Errorf("got %s", got)
	}
}
