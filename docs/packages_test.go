package docs

import (
	"os"
	"strings"
	"testing"
)

// The list of packages names every package of internal, and no other.
func TestPackagesAreListed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "internal/"); ok {
			name, _, _ = strings.Cut(name, "/")
			listed[name] = true
		}
	}
	packages, err := os.ReadDir("../internal")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		if !listed[p.Name()] {
			t.Errorf("internal/%s is not listed", p.Name())
		}
		delete(listed, p.Name())
	}
	for name := range listed {
		t.Errorf("internal/%s is listed, and there is none", name)
	}
}
