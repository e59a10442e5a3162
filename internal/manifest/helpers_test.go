package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/tasks"
)

// content is a file that holds text, named for its format.
func content(format Format, text string) *File {
	return &File{
		name:    "havips." + string(format),
		format:  format,
		region:  "bj",
		content: strings.NewReader(text),
	}
}

// check checks the file and returns its faults as text, without the file's name.
func check(t *testing.T, f *File) (report Report, faults []string) {
	t.Helper()
	report, err := f.Check(t.Context())
	if err != nil {
		t.Fatalf("check %s: %v", f.Name(), err)
	}
	for _, fault := range report.Faults {
		faults = append(faults, strings.TrimPrefix(fault.String(), f.name+":"))
	}
	return report, faults
}

// rows delivers the whole file, which must be sound.
func rows(t *testing.T, f *File) []Row {
	t.Helper()
	var all []Row
	for row, err := range f.Rows(t.Context()) {
		if err != nil {
			t.Fatalf("rows: %v", err)
		}
		all = append(all, row)
	}
	return all
}

// faultCase is a file with faults and all that must be said about it.
type faultCase struct {
	name string
	text string
	rows int
	want []string
}

func runFaultCases(t *testing.T, format Format, cases []faultCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, faults := check(t, content(format, c.text))
			if diff := cmp.Diff(c.want, faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if report.Rows != c.rows || report.FaultCount != len(c.want) {
				t.Errorf("got %d rows and %d faults, want %d and %d", report.Rows, report.FaultCount, c.rows, len(c.want))
			}
		})
	}
}

// goodCase is a sound file and its rows.
type goodCase struct {
	name string
	text string
	want []Row
}

func runGoodCases(t *testing.T, format Format, cases []goodCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := content(format, c.text)
			report, faults := check(t, f)
			if len(faults) > 0 {
				t.Fatalf("faults: %q", faults)
			}
			if report.Rows != len(c.want) {
				t.Errorf("report has %d rows, want %d", report.Rows, len(c.want))
			}
			if diff := cmp.Diff(c.want, rows(t, f)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// web is the row of an item with nothing but a name and a subnet.
func web(line int, name string) Row {
	return Row{Line: line, Item: tasks.Item{
		Key: name, Account: "default", Region: "bj",
		Request: tasks.Request{Name: name, SubnetID: "sbn-a"},
	}}
}

// full is the row of an item with every field set.
func full(line int) Row {
	return Row{Line: line, Item: tasks.Item{
		Key: "k1", Account: "prod", Region: "gz", ClientToken: "tok-1",
		Request: tasks.Request{
			Name: "网关-1", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "10.0.0.7", Description: "a, \"b\"\nc",
		},
	}}
}
