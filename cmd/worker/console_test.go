package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"havip/internal/cli"
)

// A worker does not start with a console of which it is not clear who may use it, and does not print its tokens.
func TestWrongConsole(t *testing.T) {
	t.Parallel()
	const secret = "secret-0123456789abcdef0123"
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("write li "+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("# none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, value := range map[string]string{
		"HAVIP_CONSOLE_TOKENS":        secret,
		"HAVIP_CONSOLE_TOKEN_FILE":    file,
		"HAVIP_CONSOLE_USER_HEADER":   "X-User",
		"HAVIP_CONSOLE_TRUSTED_PROXY": "example.com",
		"HAVIP_CONSOLE_ACTOR":         "li",
	} {
		environment := map[string]string{"HOME": t.TempDir(), "BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret"}
		maps.Copy(environment, map[string]string{variable: value})
		if code, said := refusal(t, environment); code != int(cli.ExitConfig) || strings.Contains(said, secret) || !strings.Contains(strings.ToLower(said), "console") && !strings.Contains(said, file) {
			t.Errorf("%s=%s: exit code %d, %s", variable, value, code, said)
		}
	}
	environment := map[string]string{"HOME": t.TempDir(), "BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret"}
	if code, said := refusal(t, environment, "--console-token-file", empty); code != int(cli.ExitConfig) {
		t.Errorf("a file without tokens: exit code %d, %s", code, said)
	}
}
