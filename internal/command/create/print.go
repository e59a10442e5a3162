package create

import (
	"context"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/ledger"
	"havip/tasks"
)

func printItem(ctx context.Context, t *terminal.IO, s *session.Session, batch, key string) error {
	item, err := s.Ledger.Item(ctx, batch, key)
	if err != nil {
		return err
	}
	var damaged report.Damage
	result, err := report.Result(ctx, s, item, report.FilterOf(t).Attempts, &damaged)
	if err != nil {
		return err
	}
	if err := terminal.Print(t, render.Results(), []tasks.Result{result}); err != nil {
		return err
	}
	if state := item.Record.State; state == ledger.Rejected || state == ledger.Review {
		return cli.Failf(cli.ExitItemsFailed, "%s/%s: %s: %s: %s", batch, key, state, render.Printable(item.Record.Code), render.Printable(item.Record.Message))
	}
	return damaged.Err(t, batch, "the rest is shown")
}

// howToRetry says how to retry a failed item.
func howToRetry(batch, key string, state ledger.State) string {
	switch state {
	case ledger.Rejected, ledger.Review, ledger.Canceled:
		return "; `enqueue retry " + shell.Operand(batch, "--where", "key="+shell.Quote(key)) + "` retries it"
	default:
		return ""
	}
}
