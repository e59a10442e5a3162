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
	timeout := f.Duration("timeout", 0, "")
	AtLeast(f, "timeout", timeout, 0, "must be a duration, or 0 for no limit")
	f.Bool("wait", false, "")
	Requires(f, "timeout", "wait")
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
		"status a --timeout -5s":     `--timeout "-5s": must be a duration, or 0 for no limit; see`,
		"status a --wait=maybe":      `--wait "maybe": must be true or false; see`,
	} {
		err := mistake(t, nil, strings.Fields(line)...)
		if err == nil || !strings.HasPrefix(err.Error(), want) || CodeOf(err) != ExitUsage {
			t.Errorf("%s: got %v (%d), want %s", line, err, CodeOf(err), want)
		}
	}
}

// A flag that works only with another is refused without it; its variable is for other commands as well.
func TestRequiredFlags(t *testing.T) {
	t.Parallel()
	for line, refused := range map[string]bool{
		"status a --timeout 5s":              true,
		"status a --timeout 5s --wait=false": true,
		"status a --timeout 5s --wait":       false,
		"status a --wait":                    false,
		"status a":                           false,
	} {
		err := mistake(t, nil, strings.Fields(line)...)
		if refused != (CodeOf(err) == ExitUsage) || refused && !strings.Contains(err.Error(), "--timeout can be used only with --wait") {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, environment := range []map[string]string{{"HAVIP_TIMEOUT": "5s"}, {"HAVIP_TIMEOUT": "5s", "HAVIP_WAIT": "false"}} {
		if err := mistake(t, environment, "status", "a"); err != nil {
			t.Errorf("%v: %v", environment, err)
		}
	}
	if err := mistake(t, map[string]string{"HAVIP_WAIT": "true"}, "status", "a", "--timeout", "5s"); err != nil {
		t.Errorf("--wait by its variable: %v", err)
	}
}

func TestWrongVariableIsExplained(t *testing.T) {
	t.Parallel()
	err := mistake(t, map[string]string{"HAVIP_RPS": "x"}, "status", "a")
	if want := `environment variable HAVIP_RPS="x": must be a number, such as 2 or 0.5`; err == nil || err.Error() != want || CodeOf(err) != ExitConfig {
		t.Errorf("got %v (%d), want %s", err, CodeOf(err), want)
	}
}

// A command's own refusal of a value names the variable that set it.
func TestRefusedValuesNameTheirVariable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environment map[string]string
		refusal     string
		want        string
		code        ExitCode
	}{
		{nil, `--state "x": unknown`, `--state "x": unknown`, ExitUsage},
		{map[string]string{"HAVIP_STATE": "x"}, `--state "x": unknown`, `HAVIP_STATE: --state "x": unknown`, ExitConfig},
		{map[string]string{"HAVIP_STATE": "x"}, `--state: unknown`, `HAVIP_STATE: --state: unknown`, ExitConfig},
		{map[string]string{"HAVIP_STATE": "x"}, `--wait needs --state`, `--wait needs --state`, ExitUsage},
	} {
		root := &cobra.Command{Use: "p", RunE: func(*cobra.Command, []string) error { return Failf(ExitUsage, "%s", test.refusal) }}
		root.Flags().String("state", "", "")
		root.Flags().Bool("wait", false, "")
		Program(root, "HAVIP", func(name string) string { return test.environment[name] })
		root.SetArgs(nil)
		if err := root.ExecuteContext(t.Context()); err == nil || err.Error() != test.want || CodeOf(err) != test.code {
			t.Errorf("got %v (%d), want %s", err, CodeOf(err), test.want)
		}
	}
}

// A default region that no item can have is reported once, where it comes from.
func TestWrongRegionNamesItsSource(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environment map[string]string
		args        []string
		source      string
		code        ExitCode
	}{
		{map[string]string{"BCE_REGION": " bj"}, nil, "BCE_REGION", ExitConfig},
		{map[string]string{"BAIDUCLOUD_REGION": "b/j"}, nil, "BAIDUCLOUD_REGION", ExitConfig},
		{nil, []string{"--region", "b j"}, "--region", ExitUsage},
		{map[string]string{"HOME": homeWith(t, `{"profiles": [{"name": "default", "region": "b j"}]}`)}, nil, `profile "default"`, ExitConfig},
		{map[string]string{"BCE_REGION": "BJ\r\n"}, nil, "", ExitOK},
	} {
		var region string
		root := &cobra.Command{Use: "p", RunE: func(*cobra.Command, []string) error { return nil }}
		RegionVar(root.Flags(), &region, "region")
		Program(root, "HAVIP", func(name string) string { return test.environment[name] })
		root.SetArgs(test.args)
		err := root.ExecuteContext(t.Context())
		if CodeOf(err) != test.code || err != nil && !strings.Contains(err.Error(), test.source) || err == nil && region != "bj" {
			t.Errorf("%v %v: %v (%d), region %q", test.environment, test.args, err, CodeOf(err), region)
		}
	}
}
