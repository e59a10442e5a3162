package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"havip/ledger"
	"havip/tasks"
)

// screens are a created and a rejected item, as terminals of these widths show them: what is told of a
// failure is never cut, and columns line up though Chinese characters take two cells.
var screens = map[int]string{
	0: `
KEY    NAME  STATE     HAVIP         ADDRESS   CREATED (UTC)        WHY
出口   北京  created   havip-abcdef  10.0.0.1  2026-11-23 08:49:49
web-1  北京  rejected  -             -         2026-11-23 08:49:49  NoSuchObject: 子网不存在 the subnet does not exist in this VPC
`,
	121: `
KEY    NAME  STATE     HAVIP         ADDRESS   WHY
出口   北京  created   havip-abcdef  10.0.0.1
web-1  北京  rejected  -             -         NoSuchObject: 子网不存在 the subnet does not exist in this VPC
`,
	103: `
KEY    STATE     HAVIP         ADDRESS   WHY
出口   created   havip-abcdef  10.0.0.1
web-1  rejected  -             -         NoSuchObject: 子网不存在 the subnet does not exist in this VPC
`,
	70: `
KEY    NAME  STATE     HAVIP         ADDRESS   CREATED (UTC)
出口   北京  created   havip-abcdef  10.0.0.1  2026-11-23 08:49:49
web-1  北京  rejected  -             -         2026-11-23 08:49:49
    NoSuchObject: 子网不存在 the subnet does not exist in this VPC
`,
	50: `
KEY    NAME  STATE     HAVIP         ADDRESS
出口   北京  created   havip-abcdef  10.0.0.1
web-1  北京  rejected  -             -
    NoSuchObject: 子网不存在 the subnet does not
    exist in this VPC
`,
	35: `
KEY    STATE     HAVIP
出口   created   havip-abcdef
    10.0.0.1
web-1  rejected  -
    NoSuchObject: 子网不存在 the
    subnet does not exist in this
    VPC
`,
}

func screenResults(t *testing.T) []Result {
	t.Helper()
	created, failed := sample(t), sample(t)
	created.Key, created.HaVIPID = "出口", "havip-abcdef"
	failed.State, failed.HaVIPID, failed.PrivateIPAddress, failed.Code = ledger.Rejected, "", "", "NoSuchObject"
	failed.Message = "子网不存在 the subnet does not exist in this VPC"
	return []Result{created, failed}
}

func TestTableFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for width, want := range screens {
		got := write(t, Table, width, screenResults(t)...)
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), got); diff != "" {
			t.Errorf("%d cells: %s", width, diff)
		}
		for line := range strings.Lines(got) {
			if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("%d cells: a line has %d: %q", width, n, line)
			}
		}
	}
}

// A row that comes after the widths are fixed, and is longer, is not cut either.
func TestLateLongReason(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	grid := NewGrid(&out, 20, 1, "KEY", "WHY")
	for _, why := range []string{"short", "longer than what is left of the line"} {
		if err := grid.Row("a", why); err != nil {
			t.Fatal(err)
		}
		if err := grid.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	want := `KEY  WHY
a    short
a
    longer than what is
    left of the line
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// An item's requests stand below it, in columns of their own.
func TestTableWithLog(t *testing.T) {
	t.Parallel()
	results := screenResults(t)
	results[1].Log = []tasks.Attempt{
		{Number: 1, At: tasks.TimestampOf(1795423789462), Worker: "host-1", Class: "unknown", Status: 500, Code: "InternalError", Message: "try later", RequestID: "r-1", DurationMS: 7},
		{Number: 2, At: tasks.TimestampOf(1795423790462), Worker: "host-1", Class: "rejected", Status: 404, Code: "NoSuchObject", RequestID: "r-2", DurationMS: 12},
	}
	want := `KEY    NAME  STATE     HAVIP         ADDRESS   CREATED (UTC)        WHY
出口   北京  created   havip-abcdef  10.0.0.1  2026-11-23 08:49:49
web-1  北京  rejected  -             -         2026-11-23 08:49:49  NoSuchObject: 子网不存在 the subnet does not exist in this VPC
    #1  2026-11-23 08:49:49  unknown   500  7ms   host-1  r-1  InternalError: try later
    #2  2026-11-23 08:49:50  rejected  404  12ms  host-1  r-2  NoSuchObject
`
	if diff := cmp.Diff(want, write(t, Table, 0, results...)); diff != "" {
		t.Error(diff)
	}
	want = `KEY    NAME  STATE     HAVIP         ADDRESS
出口   北京  created   havip-abcdef  10.0.0.1
web-1  北京  rejected  -             -
    NoSuchObject: 子网不存在 the subnet does not
    exist in this VPC
    #1  2026-11-23 08:49:49  unknown   500  r-1
        InternalError: try later
    #2  2026-11-23 08:49:50  rejected  404  r-2
        NoSuchObject
`
	if diff := cmp.Diff(want, write(t, Table, 50, results...)); diff != "" {
		t.Error(diff)
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                      nil,
		"one two three":         {"one two", "three"},
		"exactly10! next":       {"exactly10!", "next"},
		"averyveryverylongword": {"averyveryv", "erylongwor", "d"},
		"a 北京北京北京":              {"a", "北京北京北", "京"},
	} {
		if diff := cmp.Diff(want, Wrap(text, 10)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// What is followed is shown as it comes; the first rows do not decide how much of later ones is cut.
func TestGridIsFlushed(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	grid := NewGrid(&out, 0, 1, "KEY", "WHAT").Minimum(6)
	for _, step := range []struct{ key, want string }{
		{"a", "KEY     WHAT\na       x\n"},
		{"longer", "longer  x\n"},
		{"longest", "longest  x\n"},
	} {
		out.Reset()
		if err := grid.Row(step.key, "x"); err != nil {
			t.Fatal(err)
		}
		if err := grid.Flush(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
	if err := grid.Close(); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("closing writes more: %q, %v", out.String(), err)
	}
}
