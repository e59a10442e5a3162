package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// mistake runs a small program with a wrong command line, and returns what it is told.
func mistake(t *testing.T, environment map[string]string, args ...string) error {
	t.Helper()
	root := &cobra.Command{Use: "p", Short: "p"}
	nothing := func(*cobra.Command, []string) error { return nil }
	status := &cobra.Command{Use: "status BATCH [KEY]", Args: cobra.RangeArgs(1, 2), RunE: nothing}
	f := status.Flags()
	f.String("batch", "", "")
	f.Float64("rps", 0, "")
	f.Int("concurrency", 0, "")
	f.Duration("timeout", 0, "")
	f.Bool("wait", false, "")
	f.StringSlice("fields", nil, "")
	Choices(f, "fields", "key", "state")
	root.AddCommand(status, &cobra.Command{Use: "either A | --lane L", Args: cobra.MaximumNArgs(1), RunE: nothing})
	Program(root, "HAVIP", func(name string) string { return environment[name] })
	root.SetArgs(args)
	root.SetOut(&strings.Builder{})
	return root.ExecuteContext(t.Context())
}

func TestMistakesAreExplained(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"statsu":                     `unknown command "statsu"; did you mean status? See`,
		"nonsense":                   `unknown command "nonsense"; see`,
		"status":                     "BATCH is missing; usage: p status BATCH [KEY] [flags]; see `p status --help`",
		"status a b c":               `unexpected argument "c"; usage: p status BATCH [KEY] [flags]`,
		"either a b":                 `unexpected argument "b"; usage: p either A | --lane L`,
		"status a --bach b":          "unknown flag: --bach; did you mean --batch? See",
		"status a --zzzzzz":          "unknown flag: --zzzzzz; see",
		"status a -z":                "unknown shorthand flag: 'z' in -z; see",
		"status a --batch":           "flag needs an argument: --batch; see",
		"status a --fields":          "--fields: choose from key, state",
		"status a --rps x":           `--rps "x": must be a number, such as 2 or 0.5; see`,
		"status a --concurrency 1.5": `--concurrency "1.5": must be a whole number; see`,
		"status a --timeout 5":       `--timeout "5": must be a duration, such as 30s, 10m or 2h; see`,
		"status a --wait=maybe":      `--wait "maybe": must be true or false; see`,
	} {
		err := mistake(t, nil, strings.Fields(line)...)
		if err == nil || !strings.HasPrefix(err.Error(), want) || CodeOf(err) != ExitUsage {
			t.Errorf("%s: got %v (%d), want %s", line, err, CodeOf(err), want)
		}
	}
}

func TestWrongVariableIsExplained(t *testing.T) {
	t.Parallel()
	err := mistake(t, map[string]string{"HAVIP_RPS": "x"}, "status", "a")
	if want := `environment variable HAVIP_RPS="x": must be a number, such as 2 or 0.5`; err == nil || err.Error() != want || CodeOf(err) != ExitConfig {
		t.Errorf("got %v (%d), want %s", err, CodeOf(err), want)
	}
}
