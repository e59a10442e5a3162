package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Program finishes a program's root command: every flag gets an environment variable with the
// prefix, and everything that is wrong with a command line gets the exit code of usage errors and
// says where to look. It is called once, when all commands are there.
func Program(root *cobra.Command, prefix string, getenv Getenv) {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return ApplyEnvironment(cmd, getenv)
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, err) })
	root.SetHelpCommand(helpCommand(root))
	FlagEnvironment(root, prefix)
	root.InitDefaultCompletionCmd()
	if root.RunE == nil {
		root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	usageErrors(root)
}

func usage(c *cobra.Command, err error) error {
	return Failf(ExitUsage, "%w; see `%s --help`", err, c.CommandPath())
}

// usageErrors gives wrong arguments the exit code of usage errors, which cobra knows nothing of.
func usageErrors(c *cobra.Command) {
	check := c.Args
	if check == nil && c.HasSubCommands() {
		check = knownCommand
	}
	if check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usage(c, err)
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

// knownCommand refuses what is not the name of a subcommand, naming the nearest.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = 2
	}
	message := fmt.Sprintf("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(message)
}

// helpCommand is cobra's, except that an unknown topic is an error: a script with a slip in it
// must not go on.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			topic, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return Failf(ExitUsage, "no help about %q; see `%s --help`", strings.Join(args, " "), root.Name())
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}
