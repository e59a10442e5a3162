package render

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func records(t *testing.T, guarded bool, cells ...string) string {
	t.Helper()
	var out strings.Builder
	r := NewRecords(&out, guarded, "a", "b")
	if err := r.Write(cells...); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRecords(t *testing.T) {
	t.Parallel()
	if got, want := records(t, false, "=1+1", `say "x"`), "a,b\n=1+1,\"say \"\"x\"\"\"\n"; got != want {
		t.Errorf("plain: got %q, want %q: programs read what was written", got, want)
	}
	if got, want := records(t, true, "=1+1", `say "x"`), "\"a\",\"b\"\n\"'=1+1\",\"say \"\"x\"\"\"\n"; got != want {
		t.Errorf("guarded: got %q, want %q", got, want)
	}
	var empty strings.Builder
	if err := NewRecords(&empty, true, "a", "b").Close(); err != nil || empty.String() != "\"a\",\"b\"\n" {
		t.Errorf("without records: %q, %v", empty.String(), err)
	}
}

// No cell begins as a formula does, and what is not one stays as it is.
func TestGuardedCells(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0",
		"+1":                 "'+1",
		"-1":                 "'-1",
		"@SUM(A1)":           "'@SUM(A1)",
		"\t=1":               "'\t=1",
		"\r=1":               "'\r=1",
		"\n=1":               "'\n=1",
		"  =1":               "'  =1",
		"\x00=1":             "'\x00=1",
		"＝1":                 "'＝1",
		"":                   "",
		"   ":                "   ",
		"web-1":              "web-1",
		"a=b":                "a=b",
		"'=1":                "'=1",
		"北京":                 "北京",
		"one\n=two":          "one\n=two",
		`a";=1;"`:            `a";=1;"`,
	} {
		rows, err := csv.NewReader(strings.NewReader(records(t, true, cell, "x"))).ReadAll()
		if err != nil {
			t.Fatalf("%q: %v", cell, err)
		}
		if diff := cmp.Diff([][]string{{"a", "b"}, {strings.ReplaceAll(want, "\r\n", "\n"), "x"}}, rows); diff != "" {
			t.Errorf("%q: %s", cell, diff)
		}
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	row := struct {
		Key  string `json:"key"`
		N    int    `json:"n"`
		Note string `json:"note,omitempty"`
	}{Key: `<a & "b">`, N: 3}
	got, err := Pick(row, []string{"n", "key", "note"})
	if want := `{"n":3,"key":"<a & \"b\">","note":null}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if diff := cmp.Diff([]string{"key", "n", "note"}, fieldsOf(row)); diff != "" {
		t.Error(diff)
	}
}

func fieldsOf[R any](R) []string { return Fields[R]() }

func TestPickedResults(t *testing.T) {
	t.Parallel()
	for format, want := range map[Format]string{
		JSON:   `[{"state":"created","key":"web-1"}` + "\n]\n",
		NDJSON: `{"state":"created","key":"web-1"}` + "\n",
	} {
		var out strings.Builder
		w := Results().Writer(&out, Style{Format: format, Fields: []string{"state", "key"}})
		if err := w.Write(sample(t)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil || out.String() != want {
			t.Errorf("%s: got %q, %v, want %q", format, out.String(), err, want)
		}
	}
}
