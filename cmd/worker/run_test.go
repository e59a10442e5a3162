package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"havip/bce"
	"havip/internal/cli"
)

// refusal runs a worker that is refused before it connects to anything.
func refusal(t *testing.T, environment map[string]string, args ...string) (code int, said string) {
	t.Helper()
	var stderr strings.Builder
	code = run(t.Context(), args, io.Discard, &stderr, func(name string) string { return environment[name] })
	return code, stderr.String()
}

// A value that is refused is named with the variable that it came from.
func TestWrongVariables(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for variable, value := range map[string]string{
		"HAVIP_RPS":             "-1",
		"HAVIP_CONCURRENCY":     "0",
		"HAVIP_PPROF":           "0.0.0.0:6060",
		"HAVIP_DRAIN_DELAY":     "-1s",
		"HAVIP_REQUEST_TIMEOUT": "1h",
		"HAVIP_GRACE":           "1s",
		"HAVIP_TOKEN_MAX_AGE":   "24h",
		"HAVIP_CONFIRM_WITHIN":  "1ms",
		"HAVIP_MAX_DELAY":       "24h",
		"HAVIP_LANE":            "bj",
		"BCE_REGION":            "b j",
		"BAIDUCLOUD_REGION":     "\"bj\"",
		"HAVIP_LOG_LEVEL":       "loud",
		"HAVIP_WEBHOOK_HOST":    "http://x",
		"HAVIP_SPOOL_DIR":       "/dev/null",
		"HAVIP_REDIS_URL":       "redsi://127.0.0.1",
		"HAVIP_ALLOW_VOLATILE":  "perhaps",
	} {
		environment := map[string]string{"HOME": home, "BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret"}
		maps.Copy(environment, map[string]string{variable: value + "\n"})
		code, said := refusal(t, environment)
		if code != int(cli.ExitConfig) || !strings.Contains(said, variable) {
			t.Errorf("%s=%s: exit code %d, %s", variable, value, code, said)
		}
	}
	if code, said := refusal(t, map[string]string{"HAVIP_RPS": "1"}, "--rps", "-1"); code != int(cli.ExitUsage) || strings.Contains(said, "HAVIP") {
		t.Errorf("--rps -1: exit code %d, %s", code, said)
	}
}

// The profile's region is the default, and is named where it is wrong.
func TestWrongRegionOfProfile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := bce.ProfilePath(home)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	content := `{"current":"prod","profiles":[{"name":"prod","access_key_id":"id","secret_access_key":"secret","region":"g z"}]}`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := refusal(t, map[string]string{"HOME": home}); code != int(cli.ExitConfig) || !strings.Contains(said, path) || !strings.Contains(said, "g z") {
		t.Errorf("exit code %d, %s", code, said)
	}
}

// Without a home directory, a worker says what to set and keeps nothing below its working directory.
func TestWorkerWithoutHome(t *testing.T) {
	t.Parallel()
	for _, environment := range []map[string]string{
		{},
		{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret"},
	} {
		if code, said := refusal(t, environment); code != int(cli.ExitConfig) || !strings.Contains(said, "HOME") {
			t.Errorf("%v: exit code %d, %s", environment, code, said)
		}
	}
}
