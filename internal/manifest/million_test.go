package manifest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// childEnv makes the test binary check standard input and print what that took, in a
// process of its own, where no other test's memory is counted.
const childEnv = "HAVIP_TEST_CHECK_STDIN"

func TestMain(m *testing.M) {
	if format := os.Getenv(childEnv); format != "" {
		os.Exit(checkStdin(Format(format)))
	}
	goleak.VerifyTestMain(m)
}

// generated is text made as it is read: rest to begin with, the row for each number, the tail.
type generated struct {
	rest      []byte
	row, tail string
	next, n   int
}

func (g *generated) Read(p []byte) (int, error) {
	for len(g.rest) < len(p) && g.next < g.n {
		g.rest = append(g.rest, strings.ReplaceAll(g.row, "#", strconv.Itoa(g.next))...)
		if g.next++; g.next == g.n {
			g.rest = append(g.rest, g.tail...)
		}
	}
	if len(g.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, g.rest)
	g.rest = g.rest[:copy(g.rest, g.rest[n:])]
	return n, nil
}

// A file of a million rows is checked and delivered in 96 MiB, all that the process takes
// from the system included. YAML and the JSONs are slower to read, and their memory does
// not grow otherwise than CSV's, so they have fewer rows to show it.
func TestManyRowsTakeLittleMemory(t *testing.T) {
	t.Parallel()
	for format, file := range map[Format]*generated{
		CSV:    {rest: []byte("name,subnetId,description\n"), row: "web-#,sbn-dk8gl9bc,of a million\n", n: 1_000_000 / slowdown},
		NDJSON: {row: `{"name":"web-#","subnetId":"sbn-dk8gl9bc"}` + "\n", n: 200_000 / slowdown},
		JSON:   {rest: []byte("[" + a), row: `,{"name":"web#","subnetId":"sbn-dk8gl9bc"}`, tail: "]", n: 200_000 / slowdown},
		YAML:   {row: "- name: web-#\n  subnetId: sbn-dk8gl9bc\n", n: 50_000 / slowdown},
	} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childEnv+"="+string(format), "TMPDIR="+t.TempDir())
			cmd.Stdin = file
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var checked, delivered, mib int
			if _, err := fmt.Sscan(string(out), &checked, &delivered, &mib); err != nil {
				t.Fatalf("%v in %q", err, out)
			}
			want := file.n
			if format == JSON {
				want++
			}
			if checked != want || delivered != want {
				t.Errorf("got %d rows checked and %d delivered, want %d", checked, delivered, want)
			}
			if mib > 96 {
				t.Errorf("%d rows took %d MiB", want, mib)
			}
			t.Logf("%d rows took %d MiB", want, mib)
		})
	}
}

func checkStdin(format Format) int {
	ctx := context.Background()
	f, err := Open(ctx, Standard, Options{Format: format, DefaultRegion: "bj", Stdin: os.Stdin})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	report, err := f.Check(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	delivered := 0
	for _, err := range f.Rows(ctx) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		delivered++
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintln(os.Stdout, report.Rows, delivered, m.Sys>>20)
	return 0
}
