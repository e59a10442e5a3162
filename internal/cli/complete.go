package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Completion completes a word of a command line.
type Completion = func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective)

// Words completes one of the words, but no file names.
func Words(words ...string) Completion {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// List completes the last word of a comma-separated list with the words that are not in it yet.
func List(words ...string) Completion {
	return func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := toComplete[:strings.LastIndex(toComplete, ",")+1]
		var completions []cobra.Completion
		for _, word := range words {
			if !slices.Contains(strings.Split(before, ","), word) {
				completions = append(completions, before+word)
			}
		}
		return completions, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// First completes only the first argument.
func First(complete Completion) Completion {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, toComplete)
	}
}

// defineCompletion defines `completion SHELL`, with an example for each shell.
func defineCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	completion.Example = "  source <(" + root.Name() + " completion bash)"
	for _, shell := range completion.Commands() {
		call := root.Name() + " completion " + shell.Name()
		switch shell.Name() {
		case "fish":
			shell.Example = "  " + call + " | source"
		case "powershell":
			shell.Example = "  " + call + " | Out-String | Invoke-Expression"
		default:
			shell.Example = "  source <(" + call + ")"
		}
	}
}

// CompleteFlag completes a flag's value. It panics if the command has no such flag.
func CompleteFlag(cmd *cobra.Command, flag string, complete Completion) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic("cli: " + err.Error())
	}
}
