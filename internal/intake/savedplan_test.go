package intake

import (
	"strings"
	"testing"

	"havip/internal/cli"
	"havip/internal/plan"
)

func TestPlanAcceptsNoOtherInput(t *testing.T) {
	t.Parallel()
	p := savedFor(t, plan.Header{Batch: "b", Region: "bj", Source: plan.Source{Name: "stdin", Format: "csv"}})
	if err := p.accepts(Flags{Batch: "b"}); err != nil {
		t.Error(err)
	}
	if err := p.accepts(Flags{Format: "csv"}); cli.CodeOf(err) != cli.ExitUsage {
		t.Error(err)
	}
	err := p.accepts(Flags{Batch: "c"})
	if cli.CodeOf(err) != cli.ExitUsage || !strings.Contains(err.Error(), "`enqueue plan - --batch b --format csv --out "+p.Name()+"`") {
		t.Error(err)
	}
}
