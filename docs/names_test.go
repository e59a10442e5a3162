package docs

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What says which test shows what names tests that exist.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	tests := testsIn(t, os.DirFS(".."))
	for _, file := range []string{"FAILURES.md", "HAZARDS.md", "security.md"} {
		names := namesIn(readText(t, file))
		if len(names) < 10 {
			t.Errorf("%s: only %d names of tests were found", file, len(names))
		}
		for _, name := range names {
			if !tests.have(name) {
				t.Errorf("%s: there is no test %s", file, name)
			}
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// names are of tests in backquotes: TestX, FuzzX, TestX/case, and …/case. A part may end in an ellipsis.
var names = regexp.MustCompile("`((?:Test|Fuzz)\\w+…?(?:/[^`]+)?|…/[^`]+)`")

// namesIn returns the tests that a text names.
func namesIn(text string) []string {
	var found []string
	for _, match := range names.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// tests are the test functions of a tree, and the sources in which cases have their names.
type tests struct {
	functions map[string]bool
	sources   string
}

var function = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(\w+ \*testing\.[TF]\)`)

func testsIn(t *testing.T, tree fs.FS) tests {
	t.Helper()
	found := tests{functions: map[string]bool{}}
	var sources strings.Builder
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		source, err := fs.ReadFile(tree, path)
		sources.Write(source)
		if strings.HasSuffix(path, "_test.go") {
			for _, match := range function.FindAllStringSubmatch(string(source), -1) {
				found.functions[match[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found.sources = sources.String()
	return found
}

// have reports whether there is such a test: its function by name, its case as text in quotes.
func (t tests) have(name string) bool {
	function, test, hasCase := strings.Cut(name, "/")
	if hasCase && !t.haveCase(test) {
		return false
	}
	prefix, open := strings.CutSuffix(function, "…")
	if !open {
		return t.functions[function]
	}
	for known := range t.functions {
		if strings.HasPrefix(known, prefix) {
			return true
		}
	}
	return false
}

func (t tests) haveCase(name string) bool {
	if prefix, open := strings.CutSuffix(name, "…"); open {
		return strings.Contains(t.sources, `"`+prefix)
	}
	return strings.Contains(t.sources, `"`+name+`"`)
}

func TestNamesIn(t *testing.T) {
	t.Parallel()
	const text = "`TestOutside` a table, `/livez`, TestBare\n" +
		"| a | `TestX`, `TestY/a case`, `TestLedgerOn…/register…` |\n" +
		"| b | `FuzzZ`, `…/only a case`, `e2e`, `Retry-After`, `internal/lane` tests, see `GET /v1/havip` |\n"
	want := []string{"TestOutside", "TestX", "TestY/a case", "TestLedgerOn…/register…", "FuzzZ", "…/only a case"}
	if diff := cmp.Diff(want, namesIn(text)); diff != "" {
		t.Error(diff)
	}
}

func TestHave(t *testing.T) {
	t.Parallel()
	there := tests{functions: map[string]bool{"TestX": true, "TestLedgerOnRedis": true}, sources: `{"a case", testA}`}
	for name, want := range map[string]bool{
		"TestX": true, "TestX/a case": true, "TestX/a…": true, "TestLedger…": true, "TestLedgerOn…/a case": true, "…/a case": true,
		"TestXY": false, "Test": false, "TestX/another": false, "TestX/case": false, "TestY…": false, "…/a": false,
	} {
		if got := there.have(name); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}
