package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"havip/internal/cli"
	"havip/internal/plan"
	"havip/internal/redisconn"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// Summary returns the counts as one line.
func Summary(n plan.Counts) string {
	parts := []string{words.Number(n.Create) + " to create"}
	for _, part := range []struct {
		n    int
		text string
	}{
		{n.Requeue, "to requeue"},
		{n.Running, "in progress"},
		{n.Done, "already done"},
		{n.Failed, "failed before"},
		{n.Canceled, "canceled before"},
		{n.Deleted, "rolled back before"},
		{n.Adopt, "to adopt"},
		{n.Duplicates, "requested by other items"},
		{n.Conflicts, "in conflict"},
		{n.Fail, "that would fail"},
	} {
		if part.n > 0 {
			parts = append(parts, words.Number(part.n)+" "+part.text)
		}
	}
	return "Plan: " + strings.Join(parts, ", ")
}

// Refusal refuses a file with rows that conflict with the batch or are duplicates of other items.
func Refusal(counts plan.Counts, file string) error {
	switch {
	case counts.Conflicts > 0:
		return cli.Failf(cli.ExitInvalidInput,
			"%s: %s with the batch; nothing was enqueued. Give changed items new keys, or use another batch with --batch",
			file, words.Count(counts.Conflicts, "row conflicts", "rows conflict"))
	case counts.Duplicates > 0:
		return cli.Failf(cli.ExitInvalidInput,
			"%s: %s the HaVIP of another item; nothing was enqueued. %s",
			file, words.Count(counts.Duplicates, "row requests", "rows request"), plan.DuplicateRemedy(counts.Others...))
	}
	return nil
}

// FileOptions returns the flags with which a file is read for a batch, except for defaults, quoted for a shell.
func FileOptions(flags Flags, region string) []string {
	options := []string{"--batch", shell.Quote(flags.Batch)}
	if flags.Format != "" {
		options = append(options, "--format", shell.Quote(flags.Format))
	}
	if region != cli.DefaultRegion {
		options = append(options, "--region", shell.Quote(region))
	}
	if flags.AllowDuplicates {
		options = append(options, "--allow-duplicates")
	}
	if flags.AllowUnknownRegion {
		options = append(options, "--allow-unknown-region")
	}
	return options
}

// Ended says how to retry rows whose items failed, because apply leaves them alone.
func Ended(t *terminal.IO, batch string, counts plan.Counts) {
	for _, state := range ledger.States() {
		if n := counts.Ended[state]; n > 0 {
			t.Infof("%s %s before and not enqueued again; `enqueue retry %s` retries such items",
				words.Count(n, "item was", "items were"), ended(state), shell.Operand(batch, "--where", "state="+string(state)))
		}
	}
}

// ended describes the final state of an item without a HaVIP.
func ended(state ledger.State) string {
	if state == ledger.Review {
		return "left for review"
	}
	return string(state)
}

// LedgerOf identifies the ledger and the batch in it, for a plan.
func LedgerOf(ctx context.Context, f *session.Factory, s *session.Session, batch string) (plan.Ledger, error) {
	known := plan.Ledger{Redis: "state directory " + s.StateDir} // whose server has another address each time
	if s.StateDir == "" {
		options, err := redisconn.ParsePlace(f.RedisURL)
		if err != nil {
			return plan.Ledger{}, err
		}
		known.Redis = fmt.Sprintf("%s, database %d", options, options.DB)
	}
	b, err := s.Ledger.Batch(ctx, batch)
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		known.BatchPast, err = s.Ledger.ForgottenGeneration(ctx, batch)
		return known, err
	}
	known.BatchSince, known.BatchPast = b.CreatedAt, b.ForgottenGeneration
	return known, err
}
