package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/archive"
	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/internal/intake"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
)

// completionTimeout limits the wait after Tab is pressed. If Redis does not answer by then, there are no completions.
const completionTimeout = 800 * time.Millisecond

// fileExtensions are the extensions of files that plan, apply and run read.
var fileExtensions = []string{"csv", "ndjson", "jsonl", "json", "yaml", "yml"}

// planExtension is the extension of saved plans in examples; apply accepts any name.
const planExtension = "plan"

// defineCompletions defines the shell completion of arguments and flag values. Call it after all commands are
// added.
func defineCompletions(root *cobra.Command, f *session.Factory) {
	batches, lanes := cli.First(fromRedis(f, batchNames)), cli.First(fromRedis(f, laneNames))
	files := cli.First(func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return fileExtensions, cobra.ShellCompDirectiveFilterFileExt
	})
	plans := cli.First(func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return append(slices.Clone(fileExtensions), planExtension), cobra.ShellCompDirectiveFilterFileExt
	})
	for path, complete := range map[string]cli.Completion{
		"status": batches, "watch": batches, "results": batches, "verify": batches, "retry": batches, "cancel": batches, "events": batches,
		"rollback": batches, "archive": fromRedis(f, batchNames), "delete": batches, "resolve": batches,
		"pause": lanes, "resume": lanes, "limit show": lanes, "limit set": lanes, "limit unset": lanes,
		"plan": files, "apply": plans, "run": files, "list": cli.Words(), "create": cli.Words(), "doctor": cli.Words(), "config": cli.Words(), "workers": cli.Words(),
	} {
		if cmd, _, err := root.Find(strings.Fields(path)); err == nil {
			cmd.ValidArgsFunction = complete
		}
	}
	completeFlags(root, f)
	cli.CompleteFlag(root, "state-dir", completeDirs)
}

// completeFlags completes the values of flags by name, in all commands.
func completeFlags(cmd *cobra.Command, f *session.Factory) {
	for flag, complete := range map[string]cli.Completion{
		"output": cli.Words(render.Formats()...), "format": cli.Words(intake.Formats()...), "state": cli.List(report.StateNames()...),
		"where": completeWhere, "batch": fromRedis(f, batchNames), "lane": fromRedis(f, laneNames),
		"older-than": cli.Words(), "dir": completeDirs, "archive": completeArchives,
		terminal.FieldsFlag:  cli.List(cli.ChoicesOf(cmd.Flags(), terminal.FieldsFlag)...),
		terminal.ColumnsFlag: cli.List(cli.ChoicesOf(cmd.Flags(), terminal.ColumnsFlag)...),
		terminal.SortFlag:    cli.List(cli.ChoicesOf(cmd.Flags(), terminal.SortFlag)...),
		"log-format":         cli.Words("auto", "json", "console"),
		"log-level":          cli.Words("trace", "debug", "info", "warn", "error"),
		"redis":              cli.Words(), "region": cli.Words(), "reason": cli.Words(), "rps": cli.Words(), "timeout": cli.Words(),
	} {
		if cmd.LocalFlags().Lookup(flag) != nil {
			cli.CompleteFlag(cmd, flag, complete)
		}
	}
	for _, sub := range cmd.Commands() {
		completeFlags(sub, f)
	}
}

func completeDirs(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func completeArchives(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{archive.Extension}, cobra.ShellCompDirectiveFilterFileExt
}

// completeWhere completes FIELD=, and states as values.
func completeWhere(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var completions []cobra.Completion
	if strings.HasPrefix(toComplete, "state=") {
		for _, state := range report.StateNames() {
			completions = append(completions, "state="+state)
		}
		return completions, cobra.ShellCompDirectiveNoFileComp
	}
	for _, field := range bulk.Fields {
		completions = append(completions, field+"=")
	}
	return completions, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// fromRedis completes with names in Redis. After an error, which cannot be shown during completion, there are none.
func fromRedis(f *session.Factory, names func(context.Context, *session.Session) ([]cobra.Completion, error)) cli.Completion {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const nothing = cobra.ShellCompDirectiveNoFileComp
		if cli.ApplyEnvironment(cmd, f.Getenv) != nil || f.SettleStore(cmd) != nil {
			return nil, nothing
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		f.Quiet = true // messages would garble the command line
		s, err := f.Open(ctx)
		if err != nil {
			return nil, nothing
		}
		defer s.Close()
		completions, err := names(ctx, s)
		if err != nil {
			return nil, nothing
		}
		return completions, nothing | cobra.ShellCompDirectiveKeepOrder
	}
}

// batchNames returns the batches, newest first, with their phase and counts. It leaves out names with control
// characters.
func batchNames(ctx context.Context, s *session.Session) ([]cobra.Completion, error) {
	batches, err := s.Ledger.Batches(ctx)
	if err != nil {
		return nil, err
	}
	var completions []cobra.Completion
	for _, b := range batches {
		if b.Name == render.Printable(b.Name) {
			completions = append(completions, cobra.CompletionWithDesc(b.Name, fmt.Sprintf("%s, %s", report.Phase(b), report.Counts(b))))
		}
	}
	return completions, nil
}

func laneNames(ctx context.Context, s *session.Session) ([]cobra.Completion, error) {
	lanes, err := s.Lanes(ctx)
	completions := make([]cobra.Completion, len(lanes))
	for i, l := range lanes {
		completions[i] = l.String()
	}
	return completions, err
}
