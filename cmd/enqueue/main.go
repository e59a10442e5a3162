// Command enqueue enqueues tasks that create HaVIPs, follows them and shows their results.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/tracing"
)

func main() {
	cobra.EnableCommandSorting = false // the help lists them in the order of their use
	os.Exit(run(context.Background(), os.Args[1:], terminal.New(os.Stdin, os.Stdout, os.Stderr, cli.WithSecretFiles(os.Getenv))))
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, io *terminal.IO) int {
	ctx, release := cli.OnSignal(ctx)
	defer release()
	f := &session.Factory{IO: io, Args: args}
	cmd := newRoot(f)
	cmd.SetArgs(args)
	cmd.SetIn(io.In)
	cmd.SetOut(io.Out)
	cmd.SetErr(io.Err)
	traces, err := tracing.Start(ctx, "havip-enqueue", io.Getenv, func(err error) { io.Errorf("warning: traces not sent: %v", err) })
	if err != nil {
		io.Errorf("enqueue: %v", err)
		return int(cli.ExitConfig)
	}
	defer func() { _ = traces.Stop(ctx) }() // what fails is reported
	f.Traces = traces
	ctx, end := traces.Command(ctx)
	executed, err := cmd.ExecuteContextC(ctx)
	end(executed.CommandPath(), err != nil)
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = cli.Interrupted(err)
	}
	err = cli.ExplainRedis(f.RedisURL, err)
	var known *cli.Error
	if err != nil && (!errors.As(err, &known) || known.Err != nil) {
		io.Errorf("enqueue: %v", err)
	}
	return int(cli.CodeOf(err))
}
