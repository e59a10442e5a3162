package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// result is a line of `enqueue results -o ndjson`, by the contract's names.
type result struct {
	Batch       string `json:"batch"`
	Key         string `json:"key"`
	Line        int    `json:"line"`
	State       string `json:"state"`
	HaVIPID     string `json:"haVipId"`
	Name        string `json:"name"`
	SubnetID    string `json:"subnetId"`
	Address     string `json:"privateIpAddress"`
	Attempts    int    `json:"attempts"`
	Code        string `json:"code"`
	Message     string `json:"message"`
	ClientToken string `json:"clientToken"`
	Log         []struct {
		Number int       `json:"number"`
		At     time.Time `json:"at"`
		Worker string    `json:"worker"`
		Class  string    `json:"class"`
	} `json:"attemptLog"`
}

// results reads a batch's results as a user's script would.
func (w *stack) results(t *testing.T, batch string, args ...string) []result {
	t.Helper()
	p := w.enqueue(t, append([]string{"results", batch, "-o", "ndjson"}, args...)...)
	return parseResults(t, p.stdout.String())
}

func parseResults(t *testing.T, text string) []result {
	t.Helper()
	var results []result
	for line := range strings.Lines(text) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("results line %q: %v", line, err)
		}
		results = append(results, r)
	}
	return results
}

// requireExactlyOnce holds the simulator's truth against the results, item by item: each row
// of the file has one item, each item one HaVIP that is as asked, and there is no other.
func (w *stack) requireExactlyOnce(t *testing.T, batch string, rows []row) []result {
	t.Helper()
	var results []result
	// A created item learns the address that BCE chose a little later, and no command waits for it for long.
	eventually(t, "every address is learned", func() bool {
		results = w.results(t, batch)
		return !slices.ContainsFunc(results, func(r result) bool { return r.State == "created" && r.Address == "" })
	})
	requireTruth(t, rows, results, w.truth(t))
	w.requireHonestTokens(t, rows)
	return results
}

func requireTruth(t *testing.T, rows []row, results []result, truth []made) {
	t.Helper()
	const most = 5
	wrong := disagreements(rows, results, truth)
	for _, text := range wrong[:min(most, len(wrong))] {
		t.Error(text)
	}
	if more := len(wrong) - most; more > 0 {
		t.Errorf("… and %d more", more)
	}
}

// disagreements says wherein file, results and truth are not one and the same; nothing if
// every row has exactly one HaVIP.
func disagreements(rows []row, results []result, truth []made) []string {
	var wrong []string
	byID, byKey := map[string]made{}, map[string]result{}
	for _, m := range truth {
		byID[m.HaVIPID] = m
	}
	for _, r := range results {
		if _, twice := byKey[r.Key]; twice {
			wrong = append(wrong, fmt.Sprintf("item %q stands in the results twice", r.Key))
		}
		byKey[r.Key] = r
	}
	for i, r := range rows {
		got := byKey[r.key]
		m := byID[got.HaVIPID]
		delete(byKey, r.key)
		delete(byID, got.HaVIPID)
		want := made{HaVIPID: got.HaVIPID, Name: r.name, SubnetID: r.subnet, Address: got.Address, ClientToken: got.ClientToken}
		sound := got.State == "created" && got.HaVIPID != "" && m == want && got.Line == i+2 &&
			got.Name == r.name && got.SubnetID == r.subnet && got.Address != "" && (r.address == "" || got.Address == r.address)
		if !sound {
			wrong = append(wrong, fmt.Sprintf("row %+v:\n  result %+v\n  truth  %+v", r, got, m))
		}
	}
	for key := range byKey {
		wrong = append(wrong, fmt.Sprintf("item %q is of no row", key))
	}
	for id, m := range byID {
		wrong = append(wrong, fmt.Sprintf("HaVIP %s belongs to nobody: %+v", id, m))
	}
	return wrong
}

// requireHonestTokens looks at what was sent: one token and one body an item for ever, and
// never two requests of an item at once.
func (w *stack) requireHonestTokens(t *testing.T, rows []row) {
	t.Helper()
	bodies, tokens := map[string]string{}, map[string]bool{}
	for _, c := range w.creates(t) {
		tokens[c.ClientToken] = true
		if c.BodySHA256 == "" {
			continue // refused before its body was read
		}
		if first, seen := bodies[c.ClientToken]; seen && first != c.BodySHA256 {
			t.Errorf("call %d: token %s was sent with another body before", c.Number, c.ClientToken)
		}
		bodies[c.ClientToken] = c.BodySHA256
	}
	if len(tokens) != len(rows) {
		t.Errorf("%d tokens were sent for %d items", len(tokens), len(rows))
	}
	s := w.stats(t)
	if s.Duplicates+s.TokenTwice+s.Mismatches+s.WithoutToken+s.LiveOverlaps != 0 {
		t.Errorf("the simulator saw what must never be: %+v", s)
	}
}

// requireEachAnsweredOnce verifies that each item exists once, by one request whose answer a worker received.
func (w *stack) requireEachAnsweredOnce(t *testing.T, batch string, rows []row) {
	t.Helper()
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s: %d attempts, where every request was answered", r.Key, r.Attempts)
		}
	}
	creates := w.creates(t)
	if len(creates) != len(rows) {
		t.Errorf("%d requests for %d items", len(creates), len(rows))
	}
	for _, c := range creates {
		if c.ClientGone {
			t.Errorf("a worker has not waited for the answer to %+v", c)
		}
	}
}
