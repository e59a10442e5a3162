package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/session"
	"havip/internal/terminal"
)

// app is what every command shares.
type app struct {
	*session.Factory
	durable durability.Verifier
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, io *terminal.IO) int {
	ctx, release := cli.OnSignal(ctx)
	defer release()
	a := &app{Factory: &session.Factory{IO: io, Args: args}}
	cmd := a.command()
	cmd.SetArgs(args)
	cmd.SetIn(io.In)
	cmd.SetOut(io.Out)
	cmd.SetErr(io.Err)
	err := cmd.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = cli.Failf(cli.ExitInterrupted, "interrupted: %w", err)
	}
	var reported *cli.Error
	if err != nil && (!errors.As(err, &reported) || reported.Err != nil) {
		a.Errorf("enqueue: %v", err)
	}
	return int(cli.CodeOf(err))
}

func (a *app) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enqueue",
		Short: "Create Baidu AI Cloud HaVIPs in bulk, exactly one per requested item",
		Long: `Enqueue puts create-HaVIP tasks into Redis, from where workers carry them out, and
shows what became of them. Every command may be repeated and killed at any moment:
an item that is known is never created a second time.`,
		Example: `  enqueue run --sandbox examples/havips.csv    # try it: nothing installed, nothing real created
  enqueue plan havips.csv
  enqueue apply havips.csv --wait
  enqueue results havips`,
	}
	a.DefineFlags(cmd)
	environment := environmentTopic()
	addGroups(cmd, a.groups())
	cmd.AddCommand(exitCodesTopic(), formatsTopic(), environment)
	cli.Program(cmd, "HAVIP", a.Getenv, a.SettleFormat)
	a.defineCompletions(cmd)
	environment.Long = environmentText(cmd)
	return cmd
}
