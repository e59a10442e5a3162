package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/manual"
	"havip/internal/spelling"
)

// Program completes a program's root command: every flag gets an environment variable with the prefix, and errors of
// the command line get the exit code of usage errors and point to the help. Checks run before a command. Call
// Program once, after all commands are added.
func Program(root *cobra.Command, prefix string, getenv Getenv, checks ...func(*cobra.Command) error) {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Name() == cobra.ShellCompRequestCmd || cmd.Name() == cobra.ShellCompNoDescRequestCmd {
			return nil // completion does not report invalid variables
		}
		if err := checkSecretFiles(getenv); err != nil && cmd.Name() != configCommand {
			return err
		}
		err := ApplyEnvironment(cmd, getenv)
		if cmd.Name() == configCommand {
			err = nil // it shows them all, with what is wrong
		}
		err = tellAll(cmd.ErrOrStderr(), err)
		if quiet := cmd.Flags().Lookup("quiet"); quiet == nil || quiet.Value.String() != "true" {
			warnOfUnknown(cmd.ErrOrStderr(), root, getenv)
			warnOfPassword(cmd.ErrOrStderr(), cmd.Flags())
		}
		if err == nil && !slices.Contains(ownCommands, cmd.Name()) {
			err = applyProfile(cmd.Context(), cmd.Flags(), getenv)
		}
		for _, check := range append([]func(*cobra.Command) error{CheckRequired}, checks...) {
			if err == nil {
				err = check(cmd)
			}
		}
		return err
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand(root))
	root.AddCommand(versionCommand(root), manual.Command(root))
	defineVersion(root)
	FlagEnvironment(root, prefix)
	defineCompletion(root)
	fitHelp(root)
	if root.RunE == nil {
		root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	usageErrors(root)
}

// configCommand is the command that shows invalid settings; all others refuse them.
const configCommand = "config"

// ownCommands need no region or report its absence themselves: config, and the commands of this package.
var ownCommands = []string{configCommand, "version", "man", "help", "completion", "bash", "zsh", "fish", "powershell"}

// usageErrors gives cobra's errors about arguments the exit code of usage errors, and names the variables of wrong values.
func usageErrors(c *cobra.Command) {
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error { return blameFlag(c.Flags(), run(c, args)) }
	}
	check := c.Args
	if check == nil && c.HasSubCommands() {
		c.Args = knownCommand
	}
	if check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return argumentError(c, args, err)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		if sub.HasSubCommands() && sub.Run == nil && sub.RunE == nil {
			sub.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
		usageErrors(sub)
	}
}

// knownCommand refuses an unknown subcommand and suggests the nearest.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			known = append(known, sub.Name())
		}
	}
	return usage(c, fmt.Errorf("unknown command %q%s", args[0], spelling.DidYouMean(args[0], "", known)))
}

// helpCommand is cobra's, except that an unknown topic is an error, so that a script with a typing mistake fails.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return helpTopics(root, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			topic, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return Failf(ExitUsage, "no help for %q; see `%s --help`", strings.Join(args, " "), root.Name())
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

// helpTopics returns the help topics below the command in the arguments.
func helpTopics(root *cobra.Command, args []string) []cobra.Completion {
	parent, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return nil
	}
	var topics []cobra.Completion
	for _, sub := range parent.Commands() {
		if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			topics = append(topics, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return topics
}
