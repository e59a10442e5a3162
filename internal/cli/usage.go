package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"havip/internal/spelling"
)

// usage returns a usage error that points to the help.
func usage(c *cobra.Command, err error) error {
	return Failf(ExitUsage, "%w%s", err, spelling.Then(err.Error(), "see `"+c.CommandPath()+" --help`"))
}

// flagError explains an invalid flag, and suggests the one that was probably meant.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		known := flagNames(c)
		err = fmt.Errorf("%w%s", err, spelling.DidYouMean(unknown.GetSpecifiedName(), "--", known))
	case errors.As(err, &bare):
		if choices := ChoicesOf(c.Flags(), bare.GetFlag().Name); choices != nil {
			return Failf(ExitUsage, "--%s: choose from %s", bare.GetFlag().Name, strings.Join(choices, ", "))
		}
	default:
		err = valueError(err)
	}
	return usage(c, err)
}

func flagNames(c *cobra.Command) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// choicesAnnotation marks a flag with its possible values, which are listed if it has no value.
const choicesAnnotation = "havip_choices"

// Choices sets the possible values of a flag, which are listed if it is given without a value.
func Choices(flags *pflag.FlagSet, flag string, words ...string) {
	f := flags.Lookup(flag)
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[choicesAnnotation] = words
}

// ChoicesOf returns the possible values of a flag, or nil.
func ChoicesOf(flags *pflag.FlagSet, flag string) []string {
	if f := flags.Lookup(flag); f != nil {
		return f.Annotations[choicesAnnotation]
	}
	return nil
}

// valueError says what values a flag accepts, if its parser does not.
func valueError(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	return fmt.Errorf("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(), ruleOf(invalid.GetFlag(), errors.Unwrap(invalid)))
}

// rules say what flag values must be, by the type shown in help.
var rules = map[string]error{
	"float64":  errors.New("must be a number, such as 2 or 0.5"),
	"int":      errors.New("must be a whole number"),
	"duration": errors.New("must be a duration, such as 30s, 10m or 2h"),
	"bool":     errors.New("must be true or false"),
}

// ruleOf returns the rule that a refused flag value breaks.
func ruleOf(f *pflag.Flag, err error) error {
	if broken := ruleError(""); errors.As(err, &broken) {
		return broken
	}
	if rule, ok := rules[f.Value.Type()]; ok {
		return rule
	}
	return err
}

// blameFlag is [Blame] for a usage error that begins with the flag it is about, as all of the commands' own do.
func blameFlag(flags *pflag.FlagSet, err error) error {
	if CodeOf(err) != ExitUsage {
		return err
	}
	word, _, _ := strings.Cut(err.Error(), " ")
	name, isFlag := strings.CutPrefix(strings.TrimRight(word, ":"), "--")
	if !isFlag {
		return err
	}
	return Blame(flags, err, name)
}

// argumentError says which argument is missing or unexpected, by the names in the command's usage line.
func argumentError(c *cobra.Command, args []string, err error) error {
	required, most := operands(c)
	switch {
	case most == 0 && c.HasAvailableSubCommands():
		return knownCommand(c, args)
	case len(args) < len(required):
		err = fmt.Errorf("%s is missing; usage: %s", required[len(args)], c.UseLine())
	case len(args) > most:
		err = fmt.Errorf("unexpected argument %q; usage: %s", args[most], c.UseLine())
	}
	return usage(c, err)
}

// operands returns the arguments in a command's usage line: the required ones, and the maximum number.
func operands(c *cobra.Command) (required []string, most int) {
	words := strings.Fields(c.Use)[1:]
	if end := slices.IndexFunc(words, func(w string) bool { return w == "|" || strings.HasPrefix(w, "-") }); end >= 0 {
		words = words[:end]
	}
	for _, word := range words {
		if !strings.HasPrefix(word, "[") {
			required = append(required, word)
		}
	}
	return required, len(words)
}
