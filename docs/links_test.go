package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Links between documents lead to files and headings that exist.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob("decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, file := range append(append(files, decisions...), "../README.md", "../CHANGELOG.md", "../bench/README.md", "../test/README.md") {
		for _, link := range link.FindAllStringSubmatch(read(t, file), -1) {
			path, anchor, _ := strings.Cut(link[1], "#")
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			links++
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", file, link[1], err)
			} else if anchor != "" && !headings(read(t, target))[anchor] {
				t.Errorf("%s: %s: no such heading", file, link[1])
			}
		}
	}
	if links < 100 {
		t.Errorf("only %d links were found", links)
	}
}

// link is one to a file of this repository, or to a heading.
var link = regexp.MustCompile(`\]\(([^):\s]+)\)`)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	heading     = regexp.MustCompile(`(?m)^#+ (.+)$`)
	punctuation = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// headings are the anchors of a document's headings, as forges make them.
func headings(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		anchors[strings.ReplaceAll(punctuation.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return anchors
}
