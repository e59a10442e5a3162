package e2e

import (
	"slices"
	"testing"
)

// TestDisagreements holds the measure itself to account: it passes what is right, and nothing
// that is wrong in any one way.
func TestDisagreements(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(results *[]result, truth *[]made){
		"a duplicate":            func(_ *[]result, truth *[]made) { *truth = append(*truth, made{HaVIPID: "havip-9", Name: "vip-0"}) },
		"a HaVIP is missing":     func(_ *[]result, truth *[]made) { *truth = (*truth)[1:] },
		"an item is missing":     func(results *[]result, _ *[]made) { *results = (*results)[1:] },
		"an item too many":       func(results *[]result, _ *[]made) { *results = append(*results, result{Key: "k9"}) },
		"an item twice":          func(results *[]result, _ *[]made) { *results = append(*results, (*results)[0]) },
		"not recorded":           func(results *[]result, _ *[]made) { (*results)[1].HaVIPID = "" },
		"not finished":           func(results *[]result, _ *[]made) { (*results)[1].State = "unknown" },
		"another's HaVIP":        func(results *[]result, _ *[]made) { (*results)[1].HaVIPID = (*results)[0].HaVIPID },
		"another token":          func(_ *[]result, truth *[]made) { (*truth)[0].ClientToken = "t9" },
		"another subnet":         func(_ *[]result, truth *[]made) { (*truth)[0].SubnetID = "sbn-9" },
		"not the address wanted": func(results *[]result, truth *[]made) { (*results)[0].Address, (*truth)[0].Address = "9", "9" },
		"another address":        func(_ *[]result, truth *[]made) { (*truth)[1].Address = "9" },
		"another line":           func(results *[]result, _ *[]made) { (*results)[1].Line = 9 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := []row{{key: "k0", name: "vip-0", subnet: "sbn-a", address: "192.168.0.1"}, {key: "k1", name: "vip-1", subnet: "sbn-a"}}
			truth := []made{
				{HaVIPID: "havip-0", Name: "vip-0", SubnetID: "sbn-a", Address: "192.168.0.1", ClientToken: "t0"},
				{HaVIPID: "havip-1", Name: "vip-1", SubnetID: "sbn-a", Address: "10.0.0.1", ClientToken: "t1"},
			}
			results := make([]result, len(rows))
			for i, m := range truth {
				results[i] = result{
					Key: rows[i].key, Line: i + 2, State: "created", HaVIPID: m.HaVIPID, Name: m.Name,
					SubnetID: m.SubnetID, Address: m.Address, ClientToken: m.ClientToken,
				}
			}
			if wrong := disagreements(rows, slices.Clone(results), slices.Clone(truth)); len(wrong) > 0 {
				t.Fatalf("what is right is called wrong: %v", wrong)
			}
			spoil(&results, &truth)
			if len(disagreements(rows, results, truth)) == 0 {
				t.Error("not noticed")
			}
		})
	}
}
