package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
	"havip/tasks"
)

func sampleItem() ledger.Item {
	return ledger.Item{
		Batch: "b",
		Spec: ledger.Spec{
			Key: "web-1", Line: 2, Account: "default", Region: "bj", ClientToken: "t",
			Body: `{"name":"北京","subnetId":"sbn-1","privateIpAddress":"","description":"a, \"b\" <c>"}`,
		},
		Record: ledger.Record{
			State: ledger.Created, ClientToken: "t", Attempts: 2, HaVIPID: "havip-1", PrivateIPAddress: "10.0.0.1",
			RequestID: "r-1", RegisteredAt: 1795423789400, CreatedAt: 1795423789462, UpdatedAt: 1795423789539,
		},
	}
}

const sampleJSON = `{"batch":"b","key":"web-1","line":2,"state":"created","haVipId":"havip-1","name":"北京","subnetId":"sbn-1","privateIpAddress":"10.0.0.1","description":"a, \"b\" <c>","account":"default","region":"bj","attempts":2,"code":"","message":"","requestId":"r-1","clientToken":"t","createdAt":"2026-11-23T08:49:49.462Z","updatedAt":"2026-11-23T08:49:49.539Z"}`

func write(t *testing.T, format Format, width int, results ...Result) string {
	t.Helper()
	return writeList(t, Results(), Style{Format: format, Width: width}, results...)
}

func writeList[R any](t *testing.T, list List[R], style Style, records ...R) string {
	t.Helper()
	var out strings.Builder
	w := list.Writer(&out, style)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func sample(t *testing.T) Result {
	t.Helper()
	result, err := tasks.ResultOf(sampleItem())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestFormats(t *testing.T) {
	t.Parallel()
	r := sample(t)
	tests := []struct {
		format Format
		rows   []Result
		want   string
	}{
		{NDJSON, nil, ""},
		{NDJSON, []Result{r, r}, sampleJSON + "\n" + sampleJSON + "\n"},
		{JSON, nil, "[]\n"},
		{JSON, []Result{r}, "[" + sampleJSON + "\n]\n"},
		{JSON, []Result{r, r}, "[" + sampleJSON + "\n," + sampleJSON + "\n]\n"},
		{CSV, nil, "batch,key,line,state,haVipId,name,subnetId,privateIpAddress,description,account,region,attempts,code,message,requestId,clientToken,createdAt,updatedAt\n"},
		{CSV, []Result{r}, "batch,key,line,state,haVipId,name,subnetId,privateIpAddress,description,account,region,attempts,code,message,requestId,clientToken,createdAt,updatedAt\n" +
			"b,web-1,2,created,havip-1,北京,sbn-1,10.0.0.1,\"a, \"\"b\"\" <c>\",default,bj,2,,,r-1,t,2026-11-23T08:49:49.462Z,2026-11-23T08:49:49.539Z\n"},
		{Table, nil, ""},
		{Table, []Result{r}, "KEY    NAME  STATE    HAVIP    ADDRESS   CREATED (UTC)        WHY\nweb-1  北京  created  havip-1  10.0.0.1  2026-11-23 08:49:49\n"},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, write(t, test.format, 0, test.rows...)); diff != "" {
			t.Errorf("%s of %d: %s", test.format, len(test.rows), diff)
		}
	}
}

func TestTableStreams(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := Results().Writer(&out, Style{Format: Table})
	for range tableSample {
		if err := w.Write(sample(t)); err != nil {
			t.Fatal(err)
		}
	}
	if lines := strings.Count(out.String(), "\n"); lines != tableSample+1 {
		t.Errorf("%d lines after the sample: rows are buffered", lines)
	}
	wide := sample(t)
	wide.Key = "a key wider than all that decided the widths"
	if err := w.Write(wide); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), wide.Key+"  北京  created") {
		t.Error("a late wide key is cut, and of no use")
	}
}

// What came from a file or from BCE cannot act on the terminal.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain, 北京 é":    "plain, 北京 é",
		"\x1b[31mred":    "�[31mred",
		"a\nb\tc":        "a b c",
		"\u202eevil\x07": "�evil�",
		"\u009b31m":      "�31m",
		"bad \xff utf-8": "bad � utf-8",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	hostile := sample(t)
	hostile.Key, hostile.Code, hostile.Message, hostile.State = "\x1b]0;owned\x07", "X\r\n", "\x1b[2J", ledger.Rejected
	if got := write(t, Table, 0, hostile); strings.ContainsAny(got, "\x1b\x07\r") {
		t.Errorf("%q", got)
	}
}

func TestResultWithLog(t *testing.T) {
	t.Parallel()
	r := sample(t).WithLog([]ledger.Attempt{{Number: 1, At: 1795423789462, Worker: "w", Class: "unknown", Status: 500, DurationMS: 7}})
	got := write(t, NDJSON, 0, r)
	want := strings.TrimSuffix(sampleJSON, "}") + `,"attemptLog":[{"number":1,"at":"2026-11-23T08:49:49.462Z","worker":"w","class":"unknown","status":500,"code":"","message":"","requestId":"","durationMs":7,"operation":"create"}]}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFormatFlag(t *testing.T) {
	t.Parallel()
	var f Format
	if err := f.Set("ndjson"); err != nil || f != NDJSON {
		t.Errorf("got %q, %v", f, err)
	}
	if err := f.Set("xml"); err == nil || f != NDJSON {
		t.Errorf("xml was accepted: %q", f)
	}
}
