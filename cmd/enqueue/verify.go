package main

import (
	"context"
	"io"
	"strconv"
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

func (a *app) verifyCommand() *cobra.Command {
	var flags cloud.Flags
	var allowRunning bool
	cmd := &cobra.Command{
		Use:   "verify BATCH",
		Short: "Compare a finished batch with what exists in BCE",
		Long: `Verify lists each lane of the batch once, a page a second, and compares. It changes
nothing. It needs the credentials that the batch's workers have.

  missing      recorded as created or adopted, and does not exist
  changed      name, subnet, address or description is not what was asked for
  leaked       is what an item asks for, younger than the batch, and no item's
  duplicated   an item owns two HaVIPs, or a HaVIP is the result of two items
  unrecorded   exists, and its item is unfinished or failed
  unreadable   its data in Redis is damaged, and it cannot be compared

Exit codes: 0 all agree, 1 something was found, 8 the batch is not finished.`,
		Example: `  enqueue verify havips
  enqueue verify havips -o ndjson | jq -r 'select(.finding == "leaked").haVipId'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			return a.verify(cmd.Context(), s, args[0], flags, allowRunning)
		},
	}
	flags.Define(cmd)
	terminal.DefineFields[audit.Finding](a.IO, cmd)
	cmd.Flags().BoolVar(&allowRunning, "allow-running", false, "compare a batch that is not finished; items that move are not judged")
	return cmd
}

func (a *app) verify(ctx context.Context, s *session.Session, batch string, flags cloud.Flags, allowRunning bool) error {
	b, err := s.Ledger.Batch(ctx, batch)
	if err != nil {
		return session.NotFound(err)
	}
	if b.CommittedAt == 0 && !allowRunning {
		return cli.Failf(cli.ExitPending, "%s; or pass --allow-running", report.IncompleteText(b))
	}
	report.Incomplete(a.IO, b)
	if !b.Done() && !allowRunning {
		return cli.Failf(cli.ExitPending, "batch %s is not finished yet (%s); wait with `enqueue watch %s`, or pass --allow-running", batch, report.Counts(b), shell.Quote(batch))
	}
	verifier := &audit.Verifier{
		Ledger: s.Ledger, Open: flags.Opener(a.Getenv), Rate: cloud.ListRate(s.Redis),
		Clock: func(ctx context.Context) (time.Time, error) { return s.Redis.Time(ctx).Result() }, Listing: cloud.Listing(a.IO),
	}
	var findings []audit.Finding
	tally, err := verifier.Verify(ctx, batch, func(f audit.Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil {
		return cli.Fail(cloud.ExitCode(err), err)
	}
	if err := a.Headline(tally.String()); err != nil {
		return err
	}
	if err := terminal.Print(a.IO, findingList(), findings); err != nil {
		return err
	}
	for _, l := range tally.Lanes {
		if l.Missing > 1 && l.Missing == l.Recorded {
			a.Infof("nothing of the batch exists in lane %s: are these the credentials of the account that created it?", l.Lane)
		}
	}
	if n := tally.Findings(); n > 0 {
		return cli.Failf(cli.ExitItemsFailed, "batch %s: %s", batch, words.Count(n, "finding", "findings"))
	}
	return nil
}

func findingList() render.List[audit.Finding] {
	return render.List[audit.Finding]{
		Head: []string{"finding", "batch", "key", "line", "state", "haVipId", "name", "subnetId", "account", "region", "detail"},
		Record: func(f audit.Finding) []string {
			return []string{
				string(f.Kind), f.Batch, f.Key, strconv.Itoa(f.Line), string(f.State), f.HaVIPID, f.Name, f.SubnetID,
				f.Account, f.Region, f.Detail,
			}
		},
		Grid: func(w io.Writer, width int) *render.Grid {
			const subnet, detail = 3, 4
			return render.NewGrid(w, width, detail, "FINDING", "KEY", "HAVIP", "SUBNET", "WHAT").Dispensable(subnet)
		},
		Row: func(g *render.Grid, f audit.Finding) error {
			return g.Row(string(f.Kind), f.Key, f.HaVIPID, f.SubnetID, f.Detail)
		},
	}
}
