package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"havip/bce/bcesim"
	"havip/internal/cli"
	"havip/internal/lanefile"
)

// checked runs config check with a file.
func checked(t *testing.T, file string, environment map[string]string, args ...string) (code int, out, stderr string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lanes.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var output, messages strings.Builder
	args = append([]string{"config", "check", "--config", path}, args...)
	code = run(t.Context(), args, &output, &messages, func(name string) string { return environment[name] })
	return code, output.String(), messages.String()
}

// The lanes of a file are those with credentials, and flags and variables override their settings.
func TestLanesOfAFile(t *testing.T) {
	t.Parallel()
	sim := httptest.NewServer(bcesim.New(bcesim.Options{}))
	t.Cleanup(sim.Close)
	home := t.TempDir()
	profiles := filepath.Join(home, "profiles.json")
	if err := os.WriteFile(profiles, []byte(`{"profiles":[{"name":"x","access_key_id":"ak-of-x","secret_access_key":"hush"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"HOME": home, "BCE_ACCESS_KEY_ID": bcesim.SandboxKey, "BCE_SECRET_ACCESS_KEY": bcesim.SandboxKey}
	file := fmt.Sprintf(`
accounts:
  default: {regions: {bj: {rps: 7, concurrency: 33}, gz: }}
  nowhere: {regions: {bj: }}
  a: {profile: x, file: %s, endpoint: %s, regions: {bj: }}
  r: {role: {account: "42", name: havip, endpoint: %s}, endpoint: %[2]s, regions: {su: }}
`, profiles, sim.URL, sim.URL)
	for _, tt := range []struct {
		args   []string
		code   cli.ExitCode
		lanes  []string // as in the output
		stderr string
	}{
		{nil, cli.ExitOK, []string{"a/bj|" + sim.URL, "default/bj|https://bcc.bj.baidubce.com|7 requests|33", "default/gz|5 requests|20", "r/su|" + sim.URL}, "nowhere/bj"},
		{[]string{"--lane", "default/bj", "--rps", "3"}, cli.ExitOK, []string{"default/bj|3 requests|33"}, ""},
		{[]string{"--endpoint", sim.URL, "--lane", "a/bj"}, cli.ExitOK, []string{"a/bj|" + sim.URL}, ""},
		{[]string{"--lane", "nowhere/bj"}, cli.ExitConfig, nil, "nowhere"},
		{[]string{"--lane", "a/gz"}, cli.ExitUsage, nil, "a/gz"},
	} {
		code, out, stderr := checked(t, file, environment, tt.args...)
		if code != int(tt.code) || !strings.Contains(stderr, tt.stderr) || strings.Contains(out+stderr, "hush") {
			t.Errorf("%v: exit code %d, %s", tt.args, code, stderr)
		}
		rows := strings.Split(strings.TrimSpace(out), "\n")[1:]
		if out == "" {
			rows = nil
		}
		if len(rows) != len(tt.lanes) {
			t.Errorf("%v: %s", tt.args, out)
			continue
		}
		for i, row := range rows {
			for word := range strings.SplitSeq(tt.lanes[i], "|") {
				if !strings.Contains(row, word) {
					t.Errorf("%v: %s: want %s", tt.args, row, word)
				}
			}
		}
	}
	delete(environment, "BCE_ACCESS_KEY_ID")
	delete(environment, "BCE_SECRET_ACCESS_KEY")
	if code, _, stderr := checked(t, "accounts: {b: {regions: {bj: }}}", environment); code != int(cli.ExitConfig) || !strings.Contains(stderr, "lanes.yaml") {
		t.Errorf("no credentials at all: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := checked(t, "accounts: {b: {regions: {peking: }}}", environment); code != int(cli.ExitUsage) && code != int(cli.ExitConfig) || !strings.Contains(stderr, "peking") {
		t.Errorf("an unknown region: exit code %d, %s", code, stderr)
	}
}

// The file in the help is one.
func TestLanesOfTheHelp(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(newConfig(func(string) string { return "" }).Long, "\n\n")
	text, _, _ = strings.Cut(text, "\n\n")
	file, err := lanefile.Parse([]byte(text))
	if err != nil || len(file.Lanes()) != 4 {
		t.Errorf("%v, %v", file.Lanes(), err)
	}
}
