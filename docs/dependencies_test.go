package docs

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// direct matches a direct requirement in go.mod.
var direct = regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)

// The table of dependencies has each direct one of go.mod, and no other.
func TestDependenciesAreReviewed(t *testing.T) {
	t.Parallel()
	var listed, required []string
	for line := range strings.Lines(readText(t, "dependencies.md")) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 || strings.HasPrefix(line, "| module ") {
			continue
		}
		modules := strings.Split(strings.TrimPrefix(cells[0], "| "), ", ")
		for _, module := range modules {
			if rest, short := strings.CutPrefix(module, "…"); short {
				module = modules[0] + rest
			}
			listed = append(listed, module)
		}
	}
	for _, match := range direct.FindAllStringSubmatch(readText(t, "../go.mod"), -1) {
		required = append(required, match[1])
	}
	slices.Sort(listed)
	if diff := cmp.Diff(required, listed); diff != "" {
		t.Errorf("go.mod (-) and dependencies.md (+) differ:\n%s", diff)
	}
}

// The list of licenses is what `make licenses` writes.
func TestLicensesAreListed(t *testing.T) {
	t.Parallel()
	now, err := exec.CommandContext(t.Context(), "bash", "../scripts/licenses").Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readText(t, "licenses.md"), string(now)); diff != "" {
		t.Errorf("run make licenses:\n%s", diff)
	}
}
