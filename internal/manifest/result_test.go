package manifest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

// results are two items' results with every field set, as `enqueue results` writes them.
func results(t *testing.T, format render.Format) string {
	t.Helper()
	var out bytes.Buffer
	w := render.Results().Writer(&out, render.Style{Format: format})
	for _, r := range []tasks.Result{
		{
			Batch: "b", Key: "k1", Line: 2, State: ledger.Created, HaVIPID: "havip-1", Name: "web-1", SubnetID: "sbn-a",
			PrivateIPAddress: "10.0.0.7", Description: "a, \"b\"\r\nc\n", Account: "prod", Region: "gz", Attempts: 3, Code: "c",
			Message: "m,\n\"m\"", RequestID: "r", ClientToken: tasks.ClientToken("b", "k1", 1), CreatedAt: tasks.TimestampOf(1), UpdatedAt: tasks.TimestampOf(2),
		},
		{Batch: "b", Key: "web-2", Line: 3, State: ledger.Rejected, Name: "web-2", SubnetID: "sbn-a", Account: "default", Region: "bj", ClientToken: "mine"},
	} {
		if format != render.CSV {
			r = r.WithLog([]ledger.Attempt{{Number: 1, Class: "created"}})
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Results are input again: what became of an item is ignored, and what it is comes through.
func TestResultsAreInput(t *testing.T) {
	t.Parallel()
	want := []tasks.Item{
		{Key: "k1", Account: "prod", Region: "gz", Request: tasks.Request{
			Name: "web-1", SubnetID: "sbn-a", PrivateIPAddress: "10.0.0.7", Description: "a, \"b\"\r\nc\n",
		}},
		{Key: "web-2", Account: "default", Region: "bj", ClientToken: "mine", Request: tasks.Request{Name: "web-2", SubnetID: "sbn-a"}},
	}
	for format, as := range map[Format]render.Format{CSV: render.CSV, JSON: render.JSON, NDJSON: render.NDJSON, YAML: render.NDJSON} {
		text := results(t, as)
		if format == YAML { // which JSON is, all but its line
			text = "- " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n- ") + "\n"
		}
		f := content(format, text)
		if _, faults := check(t, f); len(faults) > 0 {
			t.Errorf("%s: faults: %q", format, faults)
			continue
		}
		var got []tasks.Item
		for _, row := range rows(t, f) {
			got = append(got, row.Item)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: items (-want +got):\n%s", format, diff)
		}
	}
}

// A derived token is no user's: without a sign that the row is a result, it is a fault.
func TestADerivedTokenIsOnlyAResults(t *testing.T) {
	t.Parallel()
	_, faults := check(t, content(CSV, "name,subnetId,clientToken\na,sbn-a,"+tasks.ClientToken("b", "k1", 1)+"\n"))
	if len(faults) != 1 || !strings.HasPrefix(faults[0], "2:9: clientToken ") {
		t.Errorf("got %q", faults)
	}
	_, faults = check(t, content(NDJSON, `{"name":"a","subnetId":"sbn-a","clientToken":"`+tasks.ClientToken("b", "k1", 1)+`"}`))
	if len(faults) != 1 || !strings.HasPrefix(faults[0], "1:46: clientToken ") {
		t.Errorf("got %q", faults)
	}
}
