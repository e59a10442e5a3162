package plan

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"go.uber.org/goleak"

	"havip/bce"
	"havip/tasks"
)

// childEnv makes the test binary plan, save and read back many rows and print what that took, in a
// separate process, so that no other test counts.
const childEnv = "HAVIP_TEST_PLAN_MANY"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(planMany())
	}
	goleak.VerifyTestMain(m)
}

const manyRows = 20_000

// A plan is made, saved and read back a row at a time; were the rows kept, they would take far more than this allows.
func TestManyRowsTakeLittleMemory(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var rows, kib int
	if _, err := fmt.Sscan(string(out), &rows, &kib); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if rows != manyRows || kib > 3<<10 {
		t.Errorf("of %d rows, %d KiB are kept", rows, kib)
	}
	t.Logf("of %d rows, %d KiB are kept", rows, kib)
}

func planMany() int {
	dir, err := os.MkdirTemp("", "") // which the parent removes
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	rows, kept, err := saveMany(filepath.Join(dir, "plan"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, rows, kept>>10)
	return 0
}

// inUse is the live heap without garbage, whose amount depends mostly on how
// busy the machine is.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// saveMany saves a plan and reads it back, and reports the live heap at the last row of both.
func saveMany(path string) (rows int, kept uint64, err error) {
	ctx := context.Background()
	w, err := Save(path, header())
	if err != nil {
		return 0, 0, err
	}
	free := 10
	s := &sky{subnets: map[string]bce.Subnet{"sbn-1": {CIDR: "10.0.0.0/16", AvailableIPs: &free}}}
	for row, err := range planner(&books{}, s).Rows(ctx, "b", manyItems()) {
		if err != nil {
			return 0, 0, err
		}
		if err := w.Write(row); err != nil {
			return 0, 0, err
		}
		if row.Line == manyRows+1 {
			kept = inUse()
		}
	}
	if err := w.Commit(); err != nil {
		return 0, 0, err
	}
	f, err := Open(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }()
	for _, err := range f.Rows(ctx) {
		if err != nil {
			return rows, kept, err
		}
		if rows++; rows == manyRows {
			kept = max(kept, inUse())
		}
	}
	return rows, kept, nil
}

func manyItems() iter.Seq2[tasks.Row, error] {
	return func(yield func(tasks.Row, error) bool) {
		for i := range manyRows {
			name := fmt.Sprintf("web-%d", i)
			item := tasks.Item{Key: name, Account: "default", Region: "bj", Request: tasks.Request{Name: name, SubnetID: "sbn-1", Description: "of many"}}
			if !yield(tasks.Row{Line: i + 2, Item: item}, nil) {
				return
			}
		}
	}
}
