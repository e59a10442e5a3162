package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := file("secret", "hunter2\n")
	for name, c := range map[string]struct {
		set  map[string]string
		want string
		ok   bool
	}{
		"none":         {map[string]string{}, "", true},
		"the variable": {map[string]string{"BCE_SECRET_ACCESS_KEY": "own"}, "own", true},
		"the file":     {map[string]string{"BCE_SECRET_ACCESS_KEY_FILE": secret}, "hunter2", true},
		"both":         {map[string]string{"BCE_SECRET_ACCESS_KEY": "own", "BCE_SECRET_ACCESS_KEY_FILE": secret}, "own", false},
		"no such file": {map[string]string{"BCE_SECRET_ACCESS_KEY_FILE": filepath.Join(dir, "none")}, "", false},
		"a directory":  {map[string]string{"BCE_SECRET_ACCESS_KEY_FILE": dir}, "", false},
		"empty":        {map[string]string{"BCE_SECRET_ACCESS_KEY_FILE": file("empty", "\n")}, "", false},
		"too large":    {map[string]string{"BCE_SECRET_ACCESS_KEY_FILE": file("large", string(make([]byte, maxSecretFile+1)))}, "", false},
		"of no secret": {map[string]string{"BCE_REGION_FILE": secret}, "", true},
	} {
		getenv := WithSecretFiles(func(name string) string { return c.set[name] })
		if got := getenv("BCE_SECRET_ACCESS_KEY"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := getenv("BCE_REGION"); got != "" {
			t.Errorf("%s: BCE_REGION is %q", name, got)
		}
		if err := checkSecretFiles(getenv); err == nil != c.ok || CodeOf(err) != map[bool]ExitCode{true: ExitOK, false: ExitConfig}[c.ok] {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key that is replaced while the program runs is read.
func TestSecretFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	getenv := WithSecretFiles(func(name string) string { return map[string]string{"HAVIP_REDIS_URL_FILE": path}[name] })
	for _, want := range []string{"first", "second"} {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := getenv("HAVIP_REDIS_URL"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
