package main

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/internal/cli"
	"havip/internal/manual"
)

func manualPages(t *testing.T) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "man1")
	if err := manual.Write(newTestRoot(), dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		pages[entry.Name()] = string(text)
	}
	return pages
}

// Every command and topic has its page, with its examples; made again, they are the same, and nothing
// tells on which machine they were made.
func TestManualPages(t *testing.T) {
	t.Parallel()
	pages := manualPages(t)
	if diff := cmp.Diff(pages, manualPages(t)); diff != "" {
		t.Errorf("made again, they differ: %s", diff)
	}
	for name, want := range map[string]string{
		"enqueue.1": "enqueue apply havips.csv", "enqueue-apply.1": "--batch spring", "enqueue-limit-set.1": "--rps", "enqueue-exit-codes.1": "interrupted",
		"enqueue-environment.1": "HAVIP_REDIS_URL", "enqueue-verify.1": "\nleaked       it matches", "enqueue-completion-bash.1": "completion bash",
	} {
		if text := strings.ReplaceAll(pages[name], `\-`, "-"); !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", name, want, text)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	facts := []string{here, os.TempDir() + "/", cli.Hostname()}
	if u, err := user.Current(); err == nil {
		facts = append(facts, u.Username+"@", u.HomeDir+"/")
	}
	for name, text := range pages {
		for _, fact := range facts {
			if strings.Contains(strings.ReplaceAll(text, `\-`, "-"), fact) {
				t.Errorf("%s knows %q of this machine", name, fact)
			}
		}
	}
}
