package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/audit"
	"havip/internal/cli"
	"havip/internal/progress"
	"havip/internal/render"
	"havip/tasks"
)

func (a *app) verifyCommand() *cobra.Command {
	var flags cloudFlags
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
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			return a.verify(cmd.Context(), s, args[0], flags, allowRunning)
		},
	}
	defineCloudFlags(cmd, &flags)
	defineFields[audit.Finding](a, cmd)
	cmd.Flags().BoolVar(&allowRunning, "allow-running", false, "compare a batch that is not finished; items that move are not judged")
	return cmd
}

func (a *app) verify(ctx context.Context, s *session, batch string, flags cloudFlags, allowRunning bool) error {
	b, err := s.ledger.Batch(ctx, batch)
	if err != nil {
		return notFound(err)
	}
	if b.CommittedAt == 0 && !allowRunning {
		return cli.Failf(cli.ExitPending, "%s; or pass --allow-running", incompleteLine(b))
	}
	a.sayIncomplete(b)
	if !b.Done() && !allowRunning {
		return cli.Failf(cli.ExitPending, "batch %s is not finished yet (%s); wait with `enqueue watch %s`, or pass --allow-running", batch, countsLine(b), word(batch))
	}
	verifier := &audit.Verifier{
		Ledger: s.ledger, Open: a.opener(flags), Rate: listRate(s.rdb),
		Clock: func(ctx context.Context) (time.Time, error) { return s.rdb.Time(ctx).Result() }, Listing: a.listing(),
	}
	var findings []audit.Finding
	tally, err := verifier.Verify(ctx, batch, func(f audit.Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil {
		return cli.Fail(cloudCode(err), err)
	}
	if err := a.printFindings(tally, findings); err != nil {
		return err
	}
	for _, l := range tally.Lanes {
		if l.Missing > 1 && l.Missing == l.Recorded {
			a.say("nothing of the batch exists in lane %s: are these the credentials of the account that created it?", l.Lane)
		}
	}
	if n := tally.Findings(); n > 0 {
		return cli.Failf(cli.ExitItemsFailed, "batch %s: %s", batch, count(n, "finding", "findings"))
	}
	return nil
}

// listing tells how far a listing is, which takes a second for each thousand HaVIPs.
func (a *app) listing() func(tasks.Lane, int, bool) {
	said := time.Now()
	return func(l tasks.Lane, n int, all bool) {
		switch {
		case all:
			a.say("lane %s: %s", l, count(n, "HaVIP exists", "HaVIPs exist"))
		case time.Since(said) >= progress.LineEvery:
			said = time.Now()
			a.say("lane %s: %s so far", l, count(n, "HaVIP", "HaVIPs"))
		}
	}
}

// printFindings writes the counts line, as data for people and as talk for programs, and a row for
// each finding.
func (a *app) printFindings(tally audit.Tally, findings []audit.Finding) error {
	switch a.output {
	case render.JSON, render.NDJSON:
		a.say("%s", tally)
		return encode(a, findings)
	case render.CSV:
		a.say("%s", tally)
		return a.csvFindings(findings)
	case render.Table:
	}
	if _, err := fmt.Fprintln(a.out, tally); err != nil {
		return err
	}
	const subnet, detail = 3, 4
	grid := render.NewGrid(a.out, cli.TerminalWidth(a.out, 0), detail, "FINDING", "KEY", "HAVIP", "SUBNET", "WHAT").Dispensable(subnet)
	for _, f := range findings {
		if err := grid.Row(string(f.Kind), f.Key, f.HaVIPID, f.SubnetID, f.Detail); err != nil {
			return err
		}
	}
	return grid.Close()
}

func (a *app) csvFindings(findings []audit.Finding) error {
	w := a.records("finding", "batch", "key", "line", "state", "haVipId", "name", "subnetId", "account", "region", "detail")
	for _, f := range findings {
		if err := w.Write(
			string(f.Kind), f.Batch, f.Key, strconv.Itoa(f.Line), string(f.State), f.HaVIPID, f.Name, f.SubnetID,
			f.Account, f.Region, f.Detail,
		); err != nil {
			return err
		}
	}
	return w.Close()
}
