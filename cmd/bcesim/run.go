package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"havip/bce/bcesim"
	"havip/internal/cli"
	"havip/internal/manual"
	"havip/internal/version"
)

// The exit codes, as in the project's other programs.
const (
	exitOK    = 0
	exitUsage = 2
	// exitNetwork means that listening or serving failed.
	exitNetwork = 5
)

const long = `bcesim serves Baidu AI Cloud's HaVIP API, simulated, with faults on demand.

Everything is kept in memory and lost when the program ends. Every subnet sbn-… exists;
--subnet defines one with its own CIDR. Programs on the same machine can read what was
created at /_sim/truth, /_sim/calls and /_sim/stats, change faults and the clock with a
POST to /_sim/faults and /_sim/clock, and release calls that wait at the gate with a POST
to /_sim/gate.

The key pair is that of BCE_ACCESS_KEY_ID and BCE_SECRET_ACCESS_KEY, or sandbox/sandbox if
they are not set; BCE_SECURITY_TOKEN or BCE_SESSION_TOKEN makes it a temporary one.

The first line on standard error, "listening on http://ADDRESS", is for programs to read.
SIGTERM, SIGINT or SIGHUP ends it with exit code 0; 2 is a usage error, and 5 an address
that cannot be served.

Faults are a list of ` + "%s" + `
Traits of a personality:
` + "%s"

const example = `  bcesim --faults 'seed=7,create:commit-500=0.1,create:stall-before=0.05:2s,*:429=0.02'
  bcesim --rate create=5/5 --rate list=1 --subnet sbn-small=10.0.0.0/28 --quota 10
  curl -s http://127.0.0.1:8645/_sim/stats
  curl -s http://127.0.0.1:8645/_sim/faults -d '{"faults":"create:commit-reset=x3"}'`

// usageError is a mistake in flags, arguments or environment.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run is the program: it serves until ctx ends and returns the exit code. Configuration comes only from
// args and getenv; output goes only to stdout (help) and stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, getenv func(string) string) int {
	raw := getenv
	getenv = func(name string) string { return strings.TrimSpace(raw(name)) } // as clients read theirs
	var settings settings
	command := &cobra.Command{
		Use:           "bcesim",
		Short:         "A simulated HaVIP API with faults on demand",
		Long:          fmt.Sprintf(long, bcesim.FaultHelp(), bcesim.PersonalityHelp),
		Example:       example,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cli.CheckRequired(cmd); err != nil {
				return usageError{err}
			}
			config, err := settings.config(getenv)
			if err != nil {
				return usageError{err}
			}
			return serve(cmd.Context(), config, stderr)
		},
	}
	settings.bind(command.Flags())
	command.Version = version.Read().String()
	command.SetVersionTemplate("bcesim {{.Version}}\n")
	command.Flags().Bool("version", false, "show the version")
	command.AddCommand(manual.Command(command))
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	command.SetArgs(args)
	command.SetOut(stdout)
	command.SetErr(stderr)
	command.CompletionOptions.DisableDefaultCmd = true
	err := fromEnvironment(command.Flags(), getenv)
	if err == nil {
		err = command.ExecuteContext(ctx)
	}
	return report(err, stderr)
}

func report(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "bcesim: %v\n", err)
	var failure serveError
	if errors.As(err, &failure) {
		return exitNetwork
	}
	// All other errors, including cobra's own, are usage errors.
	fmt.Fprintln(stderr, "Try bcesim --help.")
	return exitUsage
}
