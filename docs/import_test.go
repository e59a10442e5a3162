package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A program outside of this repository imports it as the README says: its module is made by the commands shown there.
func TestImportFromAnotherModule(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const opening = "```sh\ngo mod init "
	_, commands, found := strings.Cut(string(readme), opening)
	commands, _, ended := strings.Cut(commands, "```")
	if !found || !ended {
		t.Fatalf("README.md has no block that begins with %q", opening)
	}
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, err := os.ReadFile("../examples/provision/main.go")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "main.go"), program, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	script := "set -e\ngo mod init " + strings.ReplaceAll(commands, "/path/to/havip", repository) + "go build -o provision .\n"
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "provision")); err != nil {
		t.Error(err)
	}
}
