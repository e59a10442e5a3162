package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
)

// streams are the program's input and outputs: data goes to out, talk to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is what every command shares.
type app struct {
	streams
	getenv cli.Getenv
	// redis and region are flags of every command that uses them; output is what stdout gets.
	redis, region string
	output        render.Format
	// fields are the only ones that JSON has, nil for all; csvSafe makes CSV safe for a spreadsheet.
	fields         []string
	csvSafe, quiet bool
	// args is the command line. allowUnverified is a flag of the commands that change something.
	args            []string
	allowUnverified bool
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, s streams, getenv cli.Getenv) int {
	ctx, release := cli.OnSignal(ctx)
	defer release()
	a := &app{streams: s, getenv: getenv, output: render.Table, args: args}
	cmd := a.command()
	cmd.SetArgs(args)
	cmd.SetIn(s.in)
	cmd.SetOut(s.out)
	cmd.SetErr(s.err)
	err := cmd.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = cli.Failf(cli.ExitInterrupted, "interrupted: %w", err)
	}
	var said *cli.Error
	if err != nil && (!errors.As(err, &said) || said.Err != nil) {
		a.complain("enqueue: %v", err)
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
	f := cmd.PersistentFlags()
	f.StringVar(&a.redis, "redis", cli.DefaultRedisURL, "where the queues and the ledger are: redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://")
	f.StringVar(&a.region, "region", cli.DefaultRegion, "region of items that name none")
	a.defineOutputFlags(cmd)
	cli.Env(f, "redis", "HAVIP_REDIS_URL")
	cli.Env(f, "region", "BCE_REGION", "BAIDUCLOUD_REGION")
	environment := environmentTopic()
	addGroups(cmd, a.groups())
	cmd.AddCommand(exitCodesTopic(), formatsTopic(), environment)
	cli.Program(cmd, "HAVIP", a.getenv, a.settleOutput)
	a.defineCompletions(cmd)
	environment.Long = environmentText(cmd)
	return cmd
}
