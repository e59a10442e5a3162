package main

import (
	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/command/apply"
	"havip/internal/command/archive"
	"havip/internal/command/bulk"
	"havip/internal/command/config"
	"havip/internal/command/create"
	deletecmd "havip/internal/command/delete"
	"havip/internal/command/doctor"
	"havip/internal/command/events"
	"havip/internal/command/help"
	"havip/internal/command/imports"
	"havip/internal/command/lane"
	"havip/internal/command/list"
	"havip/internal/command/plan"
	"havip/internal/command/results"
	runcmd "havip/internal/command/run"
	"havip/internal/command/status"
	"havip/internal/command/verify"
	"havip/internal/command/watch"
	"havip/internal/command/workers"
	"havip/internal/session"
)

// newRoot returns the program's command.
func newRoot(f *session.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enqueue",
		Short: "Create Baidu AI Cloud HaVIPs in bulk, exactly one per requested item",
		Long: `Enqueue puts create-HaVIP tasks into Redis, where workers run them, and shows the results.
Every command can be killed at any moment and run again: no item is ever created twice.`,
		Example: `  enqueue run --sandbox examples/havips.csv    # try it; creates nothing real
  enqueue plan havips.csv
  enqueue apply havips.csv --wait
  enqueue results havips`,
	}
	f.DefineFlags(cmd)
	// Each group is a heading in the help, with its commands in the order of their use.
	addGroup(cmd, "ask", "Request HaVIPs:",
		plan.NewCommand(f), apply.NewCommand(f), create.NewCommand(f), runcmd.NewCommand(f), imports.NewCommand(f))
	addGroup(cmd, "see", "View progress and results:",
		status.NewCommand(f), watch.NewCommand(f), list.NewCommand(f), results.NewCommand(f), events.NewCommand(f), verify.NewCommand(f))
	addGroup(cmd, "act", "Change a batch:",
		bulk.NewRetryCommand(f), bulk.NewCancelCommand(f), bulk.NewRollbackCommand(f), bulk.NewResolveCommand(f), archive.NewCommand(f), deletecmd.NewCommand(f))
	addGroup(cmd, "operate", "Operate lanes and workers:",
		lane.NewPauseCommand(f), lane.NewResumeCommand(f), lane.NewLimitCommand(f), workers.NewCommand(f), doctor.NewCommand(f), config.NewCommand(f))
	environment := help.NewEnvironmentTopic()
	cmd.AddCommand(help.NewExitCodesTopic(), help.NewFormatsTopic(), environment)
	cli.Program(cmd, "HAVIP", f.Getenv, f.SettleFormat, f.SettleStore)
	defineCompletions(cmd, f)
	environment.Long = help.EnvironmentText(cmd)
	return cmd
}

// addGroup adds commands under a heading.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, c := range commands {
		c.GroupID = id
	}
	root.AddCommand(commands...)
}
