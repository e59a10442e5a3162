package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/terminal"
	"havip/test/commandtest"
)

// run runs the command in an environment, and returns the settings by name.
func run(t *testing.T, environment map[string]string, args ...string) (settings map[string]map[string]any, all string, err error) {
	t.Helper()
	f := commandtest.New()
	f.Getenv = func(name string) string { return environment[name] }
	root := &cobra.Command{Use: "enqueue"}
	f.DefineFlags(root)
	other := &cobra.Command{Use: "other", Run: func(*cobra.Command, []string) {}}
	other.Flags().Duration("timeout", 0, "timeout")
	terminal.DefineList(f.IO, other, list())
	root.AddCommand(NewCommand(f.Factory), other)
	cli.Program(root, "HAVIP", f.Getenv, f.SettleFormat, f.SettleStore)
	root.SetArgs(append([]string{"config", "-o", "json"}, args...))
	root.SetOut(f.Stdout)
	root.SetErr(f.Stderr)
	settings = map[string]map[string]any{}
	for _, row := range f.JSON(t, func() error {
		err = root.ExecuteContext(t.Context())
		return nil
	}) {
		name, _ := row["name"].(string)
		settings[name] = row
	}
	return settings, f.Stdout.String() + f.Stderr.String(), err
}

// Each setting has the source that is in force, and no secret is shown.
func TestSources(t *testing.T) {
	t.Parallel()
	settings, all, err := run(t, map[string]string{
		"HOME": t.TempDir(), "HAVIP_REDIS_URL": "redis://u:redissecret@h:1/0", "BCE_REGION": "gz\n",
		"BCE_ACCESS_KEY_ID": "AKIDAKIDAKIDAKID", "BCE_SECRET_ACCESS_KEY": "keysecret", "HAVIP_QUIET": "true",
	}, "--endpoint", "https://bcc.example.com")
	commandtest.WantCode(t, err, cli.ExitOK)
	for name, want := range map[string][2]string{
		"redis":    {"redis://u:xxxxx@h:1/0", "HAVIP_REDIS_URL"},
		"region":   {"gz", "BCE_REGION"},
		"lane":     {"default/gz", "BCE_REGION"},
		"endpoint": {"https://bcc.example.com", "--endpoint"},
		"output":   {"json", "--output"},
		"csv-safe": {"false", "default"},
		"quiet":    {"true", "HAVIP_QUIET"},
	} {
		if s := settings[name]; s["value"] != want[0] || s["source"] != want[1] {
			t.Errorf("%s: got %v, want %q", name, s, want)
		}
	}
	if settings["credentials"]["source"] != "BCE_ACCESS_KEY_ID" || settings["credentials"]["fingerprint"] == nil {
		t.Errorf("credentials: %v", settings["credentials"])
	}
	for _, secret := range []string{"redissecret", "keysecret", "AKIDAKIDAKIDAKID"} {
		if strings.Contains(all, secret) {
			t.Errorf("shows %s", secret)
		}
	}
}

// What cannot be used is an error of its own; the rest is shown.
func TestUnusable(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".bce"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".bce", "config.json"), []byte("{\n]"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{"BCE_ACCESS_KEY_ID": "AKID", "BCE_SECRET_ACCESS_KEY": "keysecret"}
	for name, c := range map[string]struct {
		environment map[string]string
		unusable    []string
		says        string
	}{
		"no home":       {map[string]string{"HAVIP_REDIS_URL": "redis://h"}, []string{"credentials"}, "BCE_ACCESS_KEY_ID"},
		"no place":      {map[string]string{}, []string{"credentials", "state-dir"}, "XDG_STATE_HOME"},
		"profile":       {map[string]string{"HOME": home}, []string{"region", "endpoint", "credentials", "profile"}, "line 2, column 1"},
		"two stores":    {map[string]string{"HOME": t.TempDir(), "HAVIP_REDIS_URL": "redis://h", "HAVIP_STATE_DIR": "d"}, []string{"redis", "credentials"}, "HAVIP_STATE_DIR"},
		"redis":         {map[string]string{"HOME": t.TempDir(), "HAVIP_REDIS_URL": "http://h"}, []string{"redis", "credentials"}, "HAVIP_REDIS_URL"},
		"quoted secret": {map[string]string{"HOME": t.TempDir(), "BCE_ACCESS_KEY_ID": "AKID", "BCE_SECRET_ACCESS_KEY": `"keysecret"`}, []string{"credentials"}, "BCE_SECRET_ACCESS_KEY has quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings, all, err := run(t, c.environment)
			commandtest.WantCode(t, err, cli.ExitConfig)
			unusable := 0
			for _, s := range settings {
				if s["error"] != nil {
					unusable++
				}
			}
			for _, name := range c.unusable {
				if settings[name]["error"] == nil {
					t.Errorf("%s: %v", name, settings[name])
				}
			}
			if unusable != len(c.unusable) || len(settings) < 10 || !strings.Contains(all, c.says) || strings.Contains(all, "keysecret") {
				t.Errorf("%d unusable of %d: %s", unusable, len(settings), all)
			}
		})
	}
	if _, _, err := run(t, keys, "--redis", "redis://h"); err != nil {
		t.Errorf("without HOME, and nothing that needs one: %v", err)
	}
}

// Variables that flags of this or another command refuse are marked, and those about other lists do not change this one.
func TestRefusedVariables(t *testing.T) {
	t.Parallel()
	settings, all, err := run(t, map[string]string{
		"HOME": t.TempDir(), "BCE_ACCESS_KEY_ID": "AKID", "BCE_SECRET_ACCESS_KEY": "keysecret",
		"HAVIP_OUTPUT": "xml", "HAVIP_QUIET": "maybe", "HAVIP_TIMEOUT": "9", "HAVIP_LIMIT": "x", "HAVIP_UTC": "true",
		"HAVIP_COLUMNS": "key", "HAVIP_SORT": "key", "HAVIP_JQ": ".[", // of other lists
	})
	commandtest.WantCode(t, err, cli.ExitConfig)
	for name, value := range map[string]string{"HAVIP_QUIET": "maybe", "HAVIP_TIMEOUT": "9", "HAVIP_LIMIT": "x"} {
		s := settings[strings.ToLower(strings.TrimPrefix(name, "HAVIP_"))]
		if why, _ := s["error"].(string); s["source"] != name || s["value"] != "" || !strings.Contains(why, name+`="`+value+`"`) {
			t.Errorf("%s: %v", name, s)
		}
	}
	for name, value := range map[string]string{"output": "json", "utc": "true", "columns": "key", "jq": ".[", "region": "bj"} {
		if settings[name]["value"] != value || settings[name]["error"] != nil {
			t.Errorf("%s: %v in %s", name, settings[name], all)
		}
	}
}
