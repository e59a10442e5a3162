package docs

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Tables that say which test shows what name tests that exist.
func TestTablesNameTestsThatExist(t *testing.T) {
	t.Parallel()
	tests := testsIn(t, os.DirFS(".."))
	for _, file := range []string{"FAILURES.md", "HAZARDS.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := namesIn(string(text))
		if len(names) < 10 {
			t.Errorf("%s: only %d names of tests were found in its tables", file, len(names))
		}
		for _, name := range names {
			if !tests.have(name) {
				t.Errorf("%s: there is no test %s", file, name)
			}
		}
	}
}

// names are of tests in backquotes: TestX, TestX/case, and …/case. A part may end in an ellipsis.
var names = regexp.MustCompile("`((?:Test\\w+…?)?(?:…?/[^`]+)?)`")

// namesIn returns the tests that a text's tables name.
func namesIn(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		for _, match := range names.FindAllStringSubmatch(line, -1) {
			if match[1] != "" {
				found = append(found, match[1])
			}
		}
	}
	return found
}

// tests are the test functions of a tree, and the sources in which cases have their names.
type tests struct {
	functions map[string]bool
	sources   string
}

var function = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

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
	const text = "`TestOutside` a table\n" +
		"| a | `TestX`, `TestY/a case`, `TestLedgerOn…/register…` |\n" +
		"| b | `…/only a case`, `e2e`, `Retry-After`, `internal/lane` tests, see `GET /v1/havip` |\n"
	want := []string{"TestX", "TestY/a case", "TestLedgerOn…/register…", "…/only a case"}
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
