package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"havip/internal/lane"
	"havip/ledger"
)

func (f *fixture) batch(t *testing.T) ledger.Batch {
	t.Helper()
	b, err := f.Session.Ledger.Batch(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lastAct is the newest event that somebody caused.
func (f *fixture) lastAct(t *testing.T) ledger.Event {
	t.Helper()
	acts, err := f.Session.Ledger.Acts(t.Context(), "b", "")
	if err != nil || len(acts) == 0 {
		t.Fatalf("%v, %v", acts, err)
	}
	return acts[len(acts)-1]
}

// Every action on a batch asks for a reason, is done, and stands in the events with who did it.
func TestBatchActions(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.Enqueue(t, "b", "web-1", "web-2", "web-3")
	for _, step := range []struct {
		form url.Values
		want func(ledger.Batch) bool
		kind string
	}{
		{url.Values{"op": {"pause"}}, func(b ledger.Batch) bool { return b.Pause != nil }, "pause"},
		{url.Values{"op": {"resume"}}, func(b ledger.Batch) bool { return b.Pause == nil }, "resume"},
		{url.Values{"op": {"cancel"}, "where": {"key=web-1"}}, func(b ledger.Batch) bool { return b.Counts[ledger.Canceled] == 1 }, "cancel-done"},
		{url.Values{"op": {"cancel"}}, func(b ledger.Batch) bool { return b.Counts[ledger.Canceled] == 3 }, "cancel-done"},
		{url.Values{"op": {"retry"}, "where": {"state=canceled"}}, func(b ledger.Batch) bool { return b.Counts[ledger.Queued] == 3 }, "retry-done"},
		{url.Values{"op": {"rollback"}}, func(b ledger.Batch) bool { return b.Counts[ledger.Queued] == 3 }, "rollback-done"},
	} {
		step.form.Set("batch", "b")
		before := f.batch(t)
		if a := f.get(t, "/act?"+step.form.Encode()); a.Status != http.StatusOK || strings.Contains(a.Body, `name="reason"`) == (step.form.Get("op") == "rollback") { // nothing is created
			t.Errorf("%v: confirmation: status %d", step.form, a.Status)
		}
		if a := f.post(t, "/act", step.form); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `role="alert"`) || f.batch(t).UpdatedAt != before.UpdatedAt {
			t.Errorf("%v: without a reason: status %d", step.form, a.Status)
		}
		step.form.Set("reason", "a test")
		if a := f.post(t, "/act", step.form); a.Status != http.StatusOK || !step.want(f.batch(t)) {
			t.Errorf("%v: status %d, %+v, %s", step.form, a.Status, f.batch(t), a.Body)
		}
		if act := f.lastAct(t); act.Kind != step.kind || !strings.HasPrefix(act.By, "loopback via console@") {
			t.Errorf("%v: %+v", step.form, act)
		}
	}
}

func TestLaneActions(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.Enqueue(t, "b", "web-1")
	operator := lane.NewOperator(f.Session.Redis, "default/bj")
	do := func(want int, op, rps string) {
		t.Helper()
		form := url.Values{"op": {op}, "lane": {"default/bj"}, "rps": {rps}, "reason": {"a test"}}
		if a := f.get(t, "/act?"+form.Encode()); a.Status != http.StatusOK {
			t.Errorf("%s: confirmation: status %d", op, a.Status)
		}
		if a := f.post(t, "/act", form); a.Status != want {
			t.Errorf("%s %q: status %d, want %d", op, rps, a.Status, want)
		}
	}
	do(http.StatusOK, "pause-lane", "")
	if paused, err := operator.Paused(t.Context()); err != nil || paused == nil || paused.Message != "a test" {
		t.Errorf("%v, %v", paused, err)
	}
	do(http.StatusOK, "resume-lane", "")
	if paused, err := operator.Paused(t.Context()); err != nil || paused != nil {
		t.Errorf("%v, %v", paused, err)
	}
	do(http.StatusOK, "limit", "2.5")
	if limit, err := operator.Limit(t.Context()); err != nil || limit == nil || limit.RPS != 2.5 {
		t.Errorf("%v, %v", limit, err)
	}
	for _, wrong := range []string{"-1", "fast", "NaN", "Inf"} {
		do(http.StatusUnprocessableEntity, "limit", wrong)
	}
	do(http.StatusOK, "limit", "")
	if limit, err := operator.Limit(t.Context()); err != nil || limit != nil {
		t.Errorf("%v, %v", limit, err)
	}
}

func TestWrongOrders(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.Enqueue(t, "b", "web-1")
	for query, want := range map[string]int{
		"op=explode&batch=b":                  http.StatusNotFound,
		"op=cancel&batch=none":                http.StatusNotFound,
		"op=pause-lane&lane=bj":               http.StatusNotFound,
		"op=cancel&batch=b&where=color%3Dred": http.StatusBadRequest,
	} {
		if a := f.get(t, "/act?"+query); a.Status != want {
			t.Errorf("%s: status %d", query, a.Status)
		}
		form, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("reason", "a test")
		if a := f.post(t, "/act", form); a.Status != want {
			t.Errorf("POST %s: status %d", query, a.Status)
		}
	}
}
