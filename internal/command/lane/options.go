// Package lane has the commands that operate a lane for all workers: pause, resume and limit. The first two also pause and
// resume a batch.
package lane

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/region"
	"havip/internal/report"
	"havip/internal/session"
	"havip/tasks"
)

// options are for commands that change a lane or a batch: either lane or batch is set.
type options struct {
	lane, batch string
	reason      string
	// anyRegion accepts a lane of an unknown region that nothing has used yet.
	anyRegion bool
	durable   durability.Verifier
	// limit is for resume, and rps for limit set.
	limit batchpause.FailureLimit
	rps   float64
	// undone says of the lane or batch (%s) that the command did not change it.
	undone string
}

// notDone is [cli.NotDone] for the change of this command.
func (opts *options) notDone(err error) error {
	subject := "lane " + opts.lane
	if opts.batch != "" {
		subject = "batch " + opts.batch
	}
	return cli.NotDone(err, opts.undone, subject)
}

func (opts *options) define(cmd *cobra.Command) {
	session.DefineReason(cmd, &opts.reason)
	opts.durable.Define(cmd)
}

// defineTarget defines the flag that names a batch instead of a lane.
func (opts *options) defineTarget(cmd *cobra.Command) {
	cmd.Flags().StringVar(&opts.batch, "batch", "", "the batch, instead of a lane")
}

// setTarget reads the lane or batch from the command line.
func (opts *options) setTarget(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		opts.lane = args[0]
		if !cli.Given(cmd.Flags(), "batch") {
			opts.batch = "" // $HAVIP_BATCH is a producer's
		}
	}
	if (opts.lane == "") == (opts.batch == "") {
		return cli.Failf(cli.ExitUsage, "give either a lane or --batch BATCH; see `%s --help`", cmd.CommandPath())
	}
	return nil
}

// checkRegion refuses a lane of an unknown region, unless it is allowed or the lane is in use: a misspelled lane would be changed, and
// the intended one would not.
func checkRegion(ctx context.Context, s *session.Session, l tasks.Lane, opts options) error {
	fault := region.Check(l.Region, opts.anyRegion)
	if fault == nil {
		return nil
	}
	lanes, err := s.Lanes(ctx)
	if err != nil || slices.Contains(lanes, l) {
		return err
	}
	return cli.Failf(cli.ExitUsage, "lane %s: %w", l, fault)
}

// changeLane makes a change to the lane.
func changeLane(ctx context.Context, f *session.Factory, opts options, change func(*session.Session, tasks.Lane) error) error {
	l, err := tasks.ParseLane(opts.lane)
	if err != nil {
		return cli.Fail(cli.ExitUsage, err)
	}
	s, err := opts.durable.Open(ctx, f)
	if err != nil {
		return opts.notDone(err)
	}
	defer s.Close()
	return opts.durable.Change(ctx, f, s, durability.Lane(l), func() error { return change(s, l) })
}

// changeBatch makes a change to the batch.
func changeBatch(ctx context.Context, f *session.Factory, opts options, change func(*session.Session) error) error {
	s, err := opts.durable.Open(ctx, f)
	if err != nil {
		return opts.notDone(err)
	}
	defer s.Close()
	return opts.durable.Change(ctx, f, s, durability.Batch(opts.batch), func() error { return session.NotFound(change(s)) })
}

// warnUnserved warns about a lane without a worker: its name may be misspelled.
func warnUnserved(ctx context.Context, f *session.Factory, s *session.Session, l tasks.Lane) error {
	served, err := report.Served(ctx, s, l)
	if err == nil && !served {
		f.Infof("no worker serves lane %s at present; the setting applies to workers that start later", l)
	}
	return err
}
