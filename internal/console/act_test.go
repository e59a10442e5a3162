package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"havip/internal/lane"
	"havip/ledger"
	"havip/lifecycle"
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

// The choice among the candidates of a review is made for one item, from those that it has.
func TestReviewActions(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.Enqueue(t, "b", "web-1", "web-2")
	for _, key := range []string{"web-1", "web-2"} {
		if _, _, err := f.Session.Ledger.Settle(t.Context(), "b", key, ledger.Review, "Candidates", "", lifecycle.Candidate{HaVIPID: "havip-1"}, lifecycle.Candidate{HaVIPID: "havip-2"}); err != nil {
			t.Fatal(err)
		}
	}
	state := func(key string) ledger.Record {
		item, err := f.Session.Ledger.Item(t.Context(), "b", key)
		if err != nil {
			t.Fatal(err)
		}
		return item.Record
	}
	for _, wrong := range []url.Values{
		{"op": {"adopt"}, "where": {"key=web-1"}},
		{"op": {"exclude"}},
		{"op": {"adopt"}, "havip": {"havip-1"}},
		{"op": {"exclude"}, "where": {"key=web-1"}, "havip": {"havip-1"}},
	} {
		wrong.Set("batch", "b")
		wrong.Set("reason", "a test")
		if a := f.post(t, "/act", wrong); a.Status != http.StatusNotFound {
			t.Errorf("%v: status %d", wrong, a.Status)
		}
	}
	do := func(form url.Values) {
		t.Helper()
		form.Set("batch", "b")
		form.Set("reason", "a test")
		if a := f.post(t, "/act", form); a.Status != http.StatusOK {
			t.Errorf("%v: status %d", form, a.Status)
		}
	}
	do(url.Values{"op": {"adopt"}, "where": {"key=web-1"}, "havip": {"havip-3"}})
	if got := state("web-1"); got.State != ledger.Review {
		t.Errorf("a HaVIP that is no candidate: %+v", got)
	}
	do(url.Values{"op": {"adopt"}, "where": {"key=web-1"}, "havip": {"havip-1"}})
	if got := state("web-1"); got.State != ledger.Adopted || got.HaVIPID != "havip-1" {
		t.Errorf("chosen: %+v", got)
	}
	do(url.Values{"op": {"adopt"}, "where": {"key=web-2"}, "havip": {"havip-1"}})
	if got := state("web-2"); got.State != ledger.Review {
		t.Errorf("a HaVIP of another item: %+v", got)
	}
	do(url.Values{"op": {"exclude"}, "where": {"key=web-2"}})
	if got := state("web-2"); got.State != ledger.Unknown || len(got.Excluded) != 2 {
		t.Errorf("excluded: %+v", got)
	}
	if act := f.lastAct(t); act.Kind != "resolve-done" || !strings.HasPrefix(act.By, "loopback via console@") {
		t.Errorf("%+v", act)
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
