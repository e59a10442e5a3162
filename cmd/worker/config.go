package main

import (
	"context"
	"io"
	"strconv"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/words"
)

// newConfig returns the commands about the file of --config.
func newConfig(getenv cli.Getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the file with the lanes that a worker serves",
		Long: `The file of worker --config says in YAML which lanes a worker serves, and where the credentials
of each account are:

  accounts:
    default:                  # the variables, else the current profile of ~/.bce/config.json
      regions:
        bj: {rps: 10, concurrency: 40}
        gz:                   # rate and concurrency of the flags, or their defaults
    team-a:
      profile: team-a         # by default, the profile of the account's name
      file: /run/secrets/bce.json      # by default, ~/.bce/config.json
      endpoint: https://bcc.bj.baidubce.com
      regions: {bj: }
    customer:
      role:                   # temporary credentials, renewed before they expire
        account: 0f1e2d3c     # the ID of the account that has the role
        name: havip
        by: default           # the account of this file whose credentials assume it
        duration: 2h
      regions: {su: }

Only account and name of a role and at least one region are required. --rps, --concurrency and
--endpoint, or their variables, override the file for all lanes. A worker serves the lanes whose
account has credentials where it runs, so that all workers can have the same file; with --lane,
only the lanes named.`,
		Example: `  worker config check --config lanes.yaml`,
		Args:    cobra.NoArgs,
	}
	cmd.AddCommand(newConfigCheck(getenv))
	return cmd
}

func newConfigCheck(getenv cli.Getenv) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Show the lanes that a worker with these flags would serve",
		Long: `Check reads the file of --config and the credentials, as a worker with the same flags and
variables does, and shows the lanes that it would serve: the endpoint, a fingerprint of the access
key, rate and concurrency. It exits with 4 if the worker would not start. It connects neither to
Redis nor to BCE, except for a role, whose credentials come from BCE.`,
		Example: `  worker config check --config lanes.yaml
  worker config check --config lanes.yaml --lane customer/su`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return checkConfig(cmd.Context(), s, getenv, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	defineFlags(cmd, &s)
	return cmd
}

func checkConfig(ctx context.Context, s settings, getenv cli.Getenv, out, stderr io.Writer) error {
	if err := s.withGrace().check(); err != nil {
		return err
	}
	log := zerolog.New(zerolog.ConsoleWriter{Out: stderr, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName}})
	lanes, err := configureLanes(ctx, s, getenv, log, nil)
	if err != nil {
		return err
	}
	grid := render.NewGrid(out, 0, 1, "LANE", "ENDPOINT", "KEY", "RATE", "CONCURRENCY")
	for _, l := range lanes {
		if err := grid.Row(l.Lane.String(), l.Cloud.Endpoint, l.Cloud.Key, words.Rate(l.RPS), strconv.Itoa(l.Concurrency)); err != nil {
			return err
		}
	}
	return grid.Close()
}
