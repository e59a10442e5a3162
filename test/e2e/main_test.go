package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binaries is the directory of the three programs and of the examples, built once for all tests.
var binaries string

// parallelTests is how many tests run at once. They wait for other processes nearly all the
// time, so the number of processors, which is the default, is no measure.
const parallelTests = "8"

// seed repeats a run of the tests that leave something to chance; 0 chooses one.
var seed = flag.Uint64("seed", 0, "seed of what is left to chance, as an earlier run has logged it")

// buildFlags are for the programs: with the race detector if the tests have it, unless E2E_BUILDFLAGS says otherwise.
var buildFlags []string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	if !given("test.parallel") {
		if err := flag.Set("test.parallel", parallelTests); err != nil {
			panic(err)
		}
	}
	dir, err := os.MkdirTemp("", "havip-e2e-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if flags, set := os.LookupEnv("E2E_BUILDFLAGS"); set {
		buildFlags = strings.Fields(flags)
	}
	args := append([]string{"build", "-o", dir + string(filepath.Separator)}, buildFlags...)
	build := exec.Command("go", append(args, "./cmd/...", "./examples/...")...)
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the programs: %v\n%s", err, out)
		return 1
	}
	binaries = dir
	return m.Run()
}

func given(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func program(name string) string { return filepath.Join(binaries, name) }
