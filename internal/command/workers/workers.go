// Package workers is the command that lists the workers and the lanes that they serve.
package workers

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/session"
	"havip/internal/terminal"
	"havip/ledger"
)

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "workers",
		Short: "List the workers, and the lanes that each serves",
		Long: `Workers lists every worker, with one line for each lane that it serves: since when, in which
version, where it sends requests, with which access key (a fingerprint), and when it last sent
a heartbeat. A worker that stops is removed from the list at once. A killed worker stays until
another one declares it dead, about ten seconds later; without another, it is shown as not
heard from.

-o wide adds the host and how many items each worker has in flight at once.`,
		Example: `  enqueue workers
  enqueue workers -o wide --sort lane
  enqueue workers --jq '.[] | select(.silent).worker'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), f)
		},
	}
	terminal.DefineList(f.IO, cmd, list())
	return cmd
}

func run(ctx context.Context, f *session.Factory) error {
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	rows, err := read(ctx, s)
	if err != nil {
		return err
	}
	switch {
	case len(rows) > 0:
	case s.StateDir != "":
		f.Infof("no worker serves this store; `enqueue run FILE` starts one")
	default:
		f.Infof("no workers; start one with `worker --lane ACCOUNT/REGION`")
	}
	return terminal.Print(f.IO, list(), rows)
}

// read reads the workers, the longest silent first. Redis's clock decides for how long: it dates the heartbeats.
func read(ctx context.Context, s *session.Session) ([]row, error) {
	beats, err := s.Ledger.Beats(ctx)
	if err != nil {
		return nil, err
	}
	infos, err := s.Ledger.WorkerInfos(ctx)
	if err != nil {
		return nil, err
	}
	now, err := s.Redis.Time(ctx).Result()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, beat := range beats {
		rows = append(rows, rowsOf(beat, infos[beat.Worker], now)...)
	}
	return rows, nil
}

// rowsOf returns a row for each lane of a worker. A worker of an older version, which describes itself less, has one as well.
func rowsOf(beat ledger.LastBeat, info ledger.WorkerInfo, now time.Time) []row {
	at := beat.At.Time()
	r := row{
		Worker: beat.Worker, Host: info.Host, Version: info.Version, Concurrency: info.Concurrency, LastHeartbeatAt: at,
		quiet: now.Sub(at), Silent: now.Sub(at) > ledger.SilentAfter,
	}
	if info.StartedAt != 0 {
		started := info.StartedAt.Time()
		r.StartedAt = &started
	}
	if len(info.Lanes) == 0 {
		return []row{r}
	}
	rows := make([]row, len(info.Lanes))
	for i, l := range info.Lanes {
		rows[i] = r
		rows[i].Lane, rows[i].Endpoint, rows[i].Simulator, rows[i].Key = l.Lane, l.Endpoint, l.Simulator, l.Key
	}
	return rows
}
