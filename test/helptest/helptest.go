// Package helptest holds what is true of the help of every command: it says what the command does and how
// it is called, and its examples can be copied.
package helptest

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"havip/bce"
	"havip/internal/cli"
)

// Commands examines a program's commands. New makes them anew, for an example sets flags.
func Commands(t *testing.T, newRoot func() *cobra.Command) {
	t.Helper()
	walk(newRoot(), func(c *cobra.Command) {
		// A command of a group may leave it to the group's text.
		if grouped := c.Parent() != nil && c.Parent().HasParent(); c.Short == "" || c.Long == "" && !grouped {
			t.Errorf("%s: Short %q, Long %q", c.CommandPath(), c.Short, c.Long)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { flag(t, c, f) })
		variables(t, newRoot, c.CommandPath())
		if c.Runnable() && !c.Hidden {
			examples(t, newRoot, c)
		}
	})
}

// examples tries a command's examples. They may show what comes before or after, but one calls the command,
// or one below it.
func examples(t *testing.T, newRoot func() *cobra.Command, c *cobra.Command) {
	t.Helper()
	own := false
	for _, line := range commandLines(c.Example, c.Root().Name()) {
		called, err := parse(newRoot(), line)
		if err != nil {
			t.Errorf("%s: example %q: %v", c.CommandPath(), line, err)
			continue
		}
		own = own || strings.HasPrefix(called.CommandPath()+" ", c.CommandPath()+" ")
	}
	if !own {
		t.Errorf("%s: no example calls it: %q", c.CommandPath(), c.Example)
	}
}

// parse takes an example as a command line, as far as possible without running it.
func parse(root *cobra.Command, words []string) (*cobra.Command, error) {
	c, args, err := root.Find(words)
	if err != nil {
		return nil, err
	}
	if err := c.ParseFlags(args); err != nil {
		return nil, err
	}
	return c, c.ValidateArgs(c.Flags().Args())
}

func walk(c *cobra.Command, visit func(*cobra.Command)) {
	if c.Name() == "help" {
		return // about which there is none
	}
	visit(c)
	for _, sub := range c.Commands() {
		walk(sub, visit)
	}
}

func flag(t *testing.T, c *cobra.Command, f *pflag.Flag) {
	t.Helper()
	if f.Usage == "" {
		t.Errorf("%s: --%s has no usage", c.CommandPath(), f.Name)
	}
	noVariable := f.Annotations != nil && !cli.HasEnv(f) && (slices.Contains([]string{"rps", "key"}, f.Name) || c.Name() == "config") || f.Name == "help" || f.Name == "version" || c.Parent() != nil && c.Parent().Name() == "completion"
	if !noVariable && !strings.Contains(f.Usage, "[$") {
		t.Errorf("%s: --%s does not show its variable: %q", c.CommandPath(), f.Name, f.Usage)
	}
}

// variables sets each variable that a command's help shows, and sees that the flag has it then. That cobra calls
// the hook that does so is the root's to say, so no command may have one of its own.
func variables(t *testing.T, newRoot func() *cobra.Command, path string) {
	t.Helper()
	find := func() *cobra.Command {
		c, _, err := newRoot().Find(strings.Fields(path)[1:])
		if err != nil || c.CommandPath() != path {
			t.Fatalf("%s: %v", path, err)
		}
		if err := c.ParseFlags(nil); err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := find()
	if c.HasParent() && (c.PersistentPreRun != nil || c.PersistentPreRunE != nil) {
		t.Errorf("%s: a PersistentPreRun of its own keeps its variables from being read", path)
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		_, shown, _ := strings.Cut(f.Usage, " [$")
		for _, name := range strings.Split(strings.TrimSuffix(shown, "]"), ", $") {
			if name == "" {
				continue
			}
			if !slices.Contains(cli.ProgramVariables, name) && !slices.Contains(bce.Variables(), name) {
				t.Errorf("%s: --%s: add $%s to cli.ProgramVariables: other programs warn of it", path, f.Name, name)
			}
			fresh := find()
			value := valueFor(f)
			err := cli.ApplyEnvironment(fresh, func(asked string) string {
				if asked == name {
					return value + "\n" // as of a file that was read into it
				}
				return ""
			})
			if got := fresh.Flags().Lookup(f.Name); err != nil || !got.Changed || cli.SourceOf(fresh.Flags(), f.Name) != name {
				t.Errorf("%s: $%s=%s does not set --%s: %v", path, name, value, f.Name, err)
			}
		}
	})
}

// valueFor is a value that the flag takes.
func valueFor(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true"
	case "int", "float64":
		return "7"
	case "duration", "time":
		return "7s"
	}
	if f.DefValue != "" && f.DefValue != "[]" {
		return f.DefValue
	}
	return "7"
}

// commandLines are the calls of a program in an example, without the program: variables before it, what it
// is piped into, and remarks are left out.
func commandLines(example, program string) [][]string {
	var calls [][]string
	for line := range strings.Lines(example) {
		var call []string
		within := false
		for _, word := range append(shellWords(line), "|") {
			switch {
			case strings.HasPrefix(word, "#"), word == "|", word == "&&", strings.HasPrefix(word, ">"):
				if within {
					calls = append(calls, call)
				}
				within, call = false, nil
			case within:
				call = append(call, word)
			case word == program:
				within, call = true, []string{}
			}
		}
	}
	return calls
}

// shellWords splits a line as a shell does that knows single quotes, and <(…) as what is called in it.
func shellWords(line string) []string {
	line = strings.NewReplacer("<(", "", ")", "").Replace(line)
	var words []string
	word, quoted, begun := "", false, false
	for _, r := range strings.TrimSpace(line) + " " {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			if begun {
				words = append(words, word)
			}
			word, begun = "", false
		default:
			word, begun = word+string(r), true
		}
	}
	return words
}
