package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"havip/internal/redisconn"
)

// Getenv looks up an environment variable; "" means unset. It is a parameter of programs, so that tests need no
// environment.
type Getenv func(name string) string

// envAnnotation marks a flag with its variables, in order of precedence.
const envAnnotation = "havip_env"

// sourceAnnotation marks a flag with the variable or profile that set it.
const sourceAnnotation = "havip_source"

// Given reports whether the command line itself sets the flag, not a variable or a profile.
func Given(flags *pflag.FlagSet, flag string) bool {
	f := flags.Lookup(flag)
	return f != nil && f.Changed && f.Annotations[sourceAnnotation] == nil
}

// SourceOf returns the source of a flag's value: the flag, a variable, a profile and its file, or "default".
func SourceOf(flags *pflag.FlagSet, flag string) string {
	f := flags.Lookup(flag)
	switch {
	case f == nil || !f.Changed:
		return "default"
	case f.Annotations[sourceAnnotation] != nil:
		return f.Annotations[sourceAnnotation][0]
	default:
		return "--" + flag
	}
}

// Blame adds the variables or profile that set the flags to an error about their values, and makes it a configuration
// error. It returns an error about values of the command line, or not about usage or configuration, unchanged.
func Blame(flags *pflag.FlagSet, err error, names ...string) error {
	var sources []string
	for _, name := range names {
		if f := flags.Lookup(name); f != nil && f.Annotations[sourceAnnotation] != nil {
			sources = append(sources, f.Annotations[sourceAnnotation][0])
		}
	}
	if code := CodeOf(err); len(sources) == 0 || code != ExitUsage && code != ExitConfig {
		return err
	}
	return Failf(ExitConfig, "%s: %w", strings.Join(sources, ", "), err)
}

// BlameRedis is [Blame] for a Redis that could not be opened: it names the variable of an invalid URL, and the source of an
// unreachable one unless that is the command line.
func BlameRedis(flags *pflag.FlagSet, err error) error {
	var wrong *redisconn.URLError
	var unusable *redisconn.ConnError
	switch {
	case flags == nil:
		return err
	case errors.As(err, &wrong):
		return Blame(flags, err, "redis")
	case errors.As(err, &unusable) && !Given(flags, "redis"):
		source := SourceOf(flags, "redis")
		if source == "default" {
			source = "the default; --redis is not given"
		}
		return Failf(CodeOf(err), "%w (URL from %s)", err, source)
	}
	return err
}

// trimLineEnds removes trailing line ends, as of a file that was read into a variable.
func trimLineEnds(value string) string { return strings.Trim(value, "\r\n") }

// set sets a flag that the command line does not set, and records the source.
func set(flags *pflag.FlagSet, f *pflag.Flag, value, source string) error {
	if err := flags.Set(f.Name, value); err != nil {
		return err
	}
	annotate(f, sourceAnnotation, source)
	return nil
}

func annotate(f *pflag.Flag, annotation string, values ...string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[annotation] = values
}

// Env defines environment variables for the flag, which the command line overrides, and shows them in its help.
func Env(flags *pflag.FlagSet, flag string, variables ...string) {
	f := flags.Lookup(flag)
	if f == nil {
		panic(fmt.Sprintf("cli: no flag %q", flag))
	}
	annotate(f, envAnnotation, variables...)
	f.Usage += " [$" + strings.Join(variables, ", $") + "]"
}

// NoEnv defines no variable for the flag, because the variable of its name means something else.
func NoEnv(flags *pflag.FlagSet, flag string) {
	annotate(flags.Lookup(flag), envAnnotation, []string{}...)
}

// HasEnv reports whether variables set the flag.
func HasEnv(f *pflag.Flag) bool { return len(f.Annotations[envAnnotation]) > 0 }

// FlagEnvironment defines a variable PREFIX_FLAG_NAME for every flag of the command and its subcommands that has none
// yet, except for help and version flags.
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

// ApplyEnvironment sets the command's flags from their variables, unless the command line did. The error joins one for each
// invalid value, which names the variable; the other flags are set.
func ApplyEnvironment(cmd *cobra.Command, getenv Getenv) error {
	var refused []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			return
		}
		for _, name := range f.Annotations[envAnnotation] {
			value := trimLineEnds(getenv(name))
			if value == "" {
				continue
			}
			err := try(f.Value, value)
			if err != nil {
				err = Failf(ExitConfig, "environment variable %s", refusal(f, name, value, err))
			} else {
				err = set(cmd.Flags(), f, value, name)
			}
			refused = append(refused, err)
			return
		}
	})
	return errors.Join(refused...)
}

// refusal says that the flag does not take the value of a variable.
func refusal(f *pflag.Flag, name, value string, err error) string {
	return fmt.Sprintf("%s=%q: %s", name, value, ruleOf(f, err))
}

// tellAll writes the errors that were joined, a line each, and returns one about all of them. One alone is returned.
func tellAll(w io.Writer, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) < 2 {
		return err
	}
	for _, e := range joined.Unwrap() {
		_, _ = fmt.Fprintln(w, e)
	}
	return Failf(CodeOf(err), "%d environment variables have values that cannot be used", len(joined.Unwrap()))
}

// Variable is an environment variable and what it sets.
type Variable struct {
	Name, Flag, Usage string
	// flags are those of all commands that it sets.
	flags []*pflag.Flag
}

// Refusal says why a flag that the variable sets does not take the value; "" if each takes it. The flags keep theirs.
func (v Variable) Refusal(value string) string {
	for _, f := range v.flags {
		if err := try(f.Value, value); err != nil {
			return refusal(f, v.Name, value, err)
		}
	}
	return ""
}

// try sets a value and takes it back: some flags have another one after they have refused a value.
func try(v pflag.Value, value string) error {
	if list, ok := v.(pflag.SliceValue); ok {
		before := list.GetSlice()
		return errors.Join(v.Set(value), list.Replace(before))
	}
	before := v.String()
	err := v.Set(value)
	_ = v.Set(before) // a flag that had no value may refuse ""; then the value is set for good, or the command does not run
	return err
}

// Variables lists the environment variables of the command and its subcommands by name.
func Variables(cmd *cobra.Command) []Variable {
	seen := map[string]Variable{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			for _, name := range f.Annotations[envAnnotation] {
				usage, _, _ := strings.Cut(f.Usage, " [$")
				seen[name] = Variable{Name: name, Flag: "--" + f.Name, Usage: usage, flags: append(seen[name].flags, f)}
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
