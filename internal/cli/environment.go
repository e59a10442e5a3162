package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Getenv looks an environment variable up; "" means unset. Programs take it as an input, so
// that tests need no environment.
type Getenv func(name string) string

// envAnnotation marks a flag with the variables that also set it, the first one winning.
const envAnnotation = "havip_env"

// fromEnvironment marks a flag that a variable has set.
const fromEnvironment = "havip_from_env"

// Given reports whether the command line itself sets the flag, not a variable.
func Given(flags *pflag.FlagSet, flag string) bool {
	f := flags.Lookup(flag)
	return f != nil && f.Changed && f.Annotations[fromEnvironment] == nil
}

// Env lets environment variables set the flag where the command line does not, and shows them
// in its help.
func Env(flags *pflag.FlagSet, flag string, variables ...string) {
	f := flags.Lookup(flag)
	if f == nil {
		panic(fmt.Sprintf("cli: no flag %q", flag))
	}
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[envAnnotation] = variables
	f.Usage += " [$" + strings.Join(variables, ", $") + "]"
}

// FlagEnvironment gives every flag of the command and its subcommands that has no variable yet
// one of its own, PREFIX_FLAG_NAME. Help and version flags are left out.
func FlagEnvironment(cmd *cobra.Command, prefix string) {
	each := func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "version" || f.Annotations[envAnnotation] != nil {
			return
		}
		flags := cmd.Flags()
		if cmd.PersistentFlags().Lookup(f.Name) != nil {
			flags = cmd.PersistentFlags()
		}
		Env(flags, f.Name, prefix+"_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")))
	}
	cmd.PersistentFlags().VisitAll(each)
	cmd.LocalNonPersistentFlags().VisitAll(each)
	for _, sub := range cmd.Commands() {
		FlagEnvironment(sub, prefix)
	}
}

// ApplyEnvironment sets the command's flags from their variables where the command line did
// not. A value that a flag refuses is an error naming the variable.
func ApplyEnvironment(cmd *cobra.Command, getenv Getenv) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || failed != nil {
			return
		}
		for _, name := range f.Annotations[envAnnotation] {
			value := getenv(name)
			if value == "" {
				continue
			}
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				failed = Failf(ExitConfig, "environment variable %s=%q: %w", name, value, ruleOf(err))
			}
			f.Annotations[fromEnvironment] = []string{name}
			return
		}
	})
	return failed
}

// Variable is an environment variable and what it sets.
type Variable struct{ Name, Flag, Usage string }

// Variables lists the environment variables of the command and its subcommands by name.
func Variables(cmd *cobra.Command) []Variable {
	seen := map[string]Variable{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			for _, name := range f.Annotations[envAnnotation] {
				usage, _, _ := strings.Cut(f.Usage, " [$")
				seen[name] = Variable{Name: name, Flag: "--" + f.Name, Usage: usage}
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(cmd)
	list := make([]Variable, 0, len(seen))
	for _, v := range seen {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return list
}
