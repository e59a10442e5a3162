package tasks

import (
	"testing"
	"time"

	"havip/bce"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	auto := Request{Name: "n", SubnetID: "sbn-1"}
	fixed := Request{Name: "n", SubnetID: "sbn-1", PrivateIPAddress: "10.0.0.9"}
	havip := func(id, ip string, created time.Time) bce.HaVIP {
		return bce.HaVIP{ID: id, Name: "n", SubnetID: "sbn-1", PrivateIPAddress: ip, CreatedTime: created}
	}
	after, before, slightlyBefore := sent.Add(time.Second), sent.Add(-2*time.Hour), sent.Add(-time.Minute)
	elsewhere := havip("other-subnet", "10.0.0.9", after)
	elsewhere.SubnetID = "sbn-2"
	renamed := havip("other-name", "10.0.0.9", after)
	renamed.Name = "m"
	olderElse := renamed
	olderElse.CreatedTime = before

	tests := []struct {
		name       string
		request    Request
		there      []bce.HaVIP
		own        string
		candidates int
	}{
		{name: "nothing there", request: auto},
		{name: "one, created after the first send", request: auto, there: []bce.HaVIP{havip("a", "10.0.0.1", after)}, own: "a"},
		{name: "one, a little before it by BCE's clock", request: auto, there: []bce.HaVIP{havip("a", "10.0.0.1", slightlyBefore)}, own: "a"},
		{name: "one, long before: whose clock is right?", request: auto, there: []bce.HaVIP{havip("a", "10.0.0.1", before)}, candidates: 1},
		{name: "one that tells no time", request: auto, there: []bce.HaVIP{havip("a", "10.0.0.1", time.Time{})}, candidates: 1},
		{name: "an old one besides", request: auto, there: []bce.HaVIP{havip("old", "10.0.0.2", before), havip("a", "10.0.0.1", after)}, candidates: 2},
		{name: "two that could be", request: auto, there: []bce.HaVIP{havip("a", "10.0.0.1", after), havip("b", "10.0.0.2", after)}, candidates: 2},
		{name: "two, one of which another item owns", request: auto, there: []bce.HaVIP{havip("owned", "10.0.0.1", after), havip("b", "10.0.0.2", after)}, own: "b"},
		{name: "only another item's", request: auto, there: []bce.HaVIP{havip("owned", "10.0.0.1", after)}},
		{name: "fixed address, as asked", request: fixed, there: []bce.HaVIP{havip("a", "10.0.0.9", after)}, own: "a"},
		{name: "fixed address, another one", request: fixed, there: []bce.HaVIP{havip("a", "10.0.0.8", after)}},
		{name: "another subnet or name", request: auto, there: []bce.HaVIP{elsewhere, renamed}},
		{name: "its address under another name, long before", request: fixed, there: []bce.HaVIP{olderElse}},
		{name: "its address under another name", request: fixed, there: []bce.HaVIP{renamed}, candidates: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			owned := func(id string) bool { return id == "owned" }
			got := Match(test.request, sent, test.there, owned)
			own := ""
			if got.Own != nil {
				own = got.Own.ID
			}
			if own != test.own || len(got.Candidates) != test.candidates {
				t.Errorf("own %q and %d candidates, want %q and %d", own, len(got.Candidates), test.own, test.candidates)
			}
			if got.Absent() != (test.own == "" && test.candidates == 0) {
				t.Errorf("absent: %v", got.Absent())
			}
		})
	}
}
