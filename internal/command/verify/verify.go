// Package verify is the command that compares a finished batch with what exists in BCE.
package verify

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/audit"
	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
)

type options struct {
	batch        string
	cloud        cloud.Flags
	allowRunning bool
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "verify BATCH",
		Short: "Compare a finished batch with what exists in BCE",
		Long: `Verify lists each lane of the batch once, one page a second, and compares the HaVIPs with
the batch's items. It changes nothing. It needs the credentials of the batch's workers.

  missing      the HaVIP is recorded as created or adopted, but does not exist
  changed      its name, subnet, address or description differs from the item's
  leaked       it matches an item, is younger than the batch, and belongs to no item
  duplicated   an item owns two HaVIPs, or a HaVIP is the result of two items
  unrecorded   it exists, but its item is unfinished or failed
  unreadable   the item's data in Redis is damaged and cannot be compared

Exit codes: 0 everything agrees, 1 something differs, 8 the batch is not finished.`,
		Example: `  enqueue verify havips
  enqueue verify havips -o ndjson | jq -r 'select(.finding == "leaked").haVipId'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batch = args[0]
			return run(cmd.Context(), f, opts)
		},
	}
	opts.cloud.Define(cmd)
	terminal.DefineList(f.IO, cmd, findingList())
	cmd.Flags().BoolVar(&opts.allowRunning, "allow-running", false, "also compare an unfinished batch; items that change meanwhile are left out")
	return cmd
}

func run(ctx context.Context, f *session.Factory, opts options) error {
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := s.Batch(ctx, opts.batch)
	if err != nil {
		return err
	}
	if b.CommittedAt == 0 && !opts.allowRunning {
		return cli.Failf(cli.ExitPending, "%s; or pass --allow-running", report.IncompleteText(b))
	}
	report.Incomplete(f.IO, b)
	if !b.Done() && !opts.allowRunning {
		return cli.Failf(cli.ExitPending, "batch %s is not finished yet (%s); wait with `enqueue watch %s`, or pass --allow-running", b.Name, report.Counts(b), shell.Operand(b.Name))
	}
	verifier := &audit.Verifier{
		Ledger: s.Ledger, Open: opts.cloud.Opener(f.Getenv), Reader: cloud.Lists(f.IO, s.Redis),
		Clock: func(ctx context.Context) (time.Time, error) { return s.Redis.Time(ctx).Result() }, Listing: cloud.Listing(f.IO),
	}
	var findings []audit.Finding
	tally, err := verifier.Verify(ctx, b.Name, func(f audit.Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil {
		return cli.Fail(cloud.ExitCode(err), err)
	}
	if err := f.Headline(tally.String()); err != nil {
		return err
	}
	if err := terminal.Print(f.IO, findingList(), findings); err != nil {
		return err
	}
	for _, l := range tally.Lanes {
		if l.Missing > 1 && l.Missing == l.Recorded {
			f.Infof("none of the batch's HaVIPs exist in lane %s; check that the credentials are those of the account that created them", l.Lane)
		}
	}
	if n := tally.Findings(); n > 0 {
		return cli.Failf(cli.ExitItemsFailed, "batch %s: %s", b.Name, words.Count(n, "finding", "findings"))
	}
	return nil
}

func findingList() render.List[audit.Finding] {
	return render.List[audit.Finding]{
		Columns: []render.Column[audit.Finding]{
			{Name: "finding", Text: func(f audit.Finding) string { return string(f.Kind) }},
			{Name: "batch", Text: func(f audit.Finding) string { return f.Batch }},
			{Name: "key", Text: func(f audit.Finding) string { return f.Key }},
			{Name: "line", Number: func(f audit.Finding) int64 { return int64(f.Line) }},
			{Name: "state", Text: func(f audit.Finding) string { return string(f.State) }},
			{Name: "haVipId", Head: "HAVIP", Text: func(f audit.Finding) string { return f.HaVIPID }},
			{Name: "name", Text: func(f audit.Finding) string { return f.Name }},
			{Name: "subnetId", Head: "SUBNET", Text: func(f audit.Finding) string { return f.SubnetID }},
			{Name: "account", Text: func(f audit.Finding) string { return f.Account }},
			{Name: "region", Text: func(f audit.Finding) string { return f.Region }},
			{Name: "detail", Head: "WHAT", Text: func(f audit.Finding) string { return f.Detail }},
		},
		Table: []string{"finding", "key", "haVipId", "subnetId", "detail"}, Flexible: "detail", Dispensable: []string{"subnetId"},
	}
}
