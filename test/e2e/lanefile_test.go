package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// One worker serves the lanes of a file, each in its own account: with the variables' key, and with a role's temporary one.
func TestLanesOfAFile(t *testing.T) {
	t.Parallel()
	const batch, roleAccount = "two-accounts", "0f1e2d3c"
	w := newStack(t)
	lanes := w.writeText(t, "lanes.yaml", fmt.Sprintf(`
accounts:
  default: {regions: {bj: {rps: 0}, gz: }}
  customer: {role: {account: %s, name: havip, endpoint: %s}, regions: {bj: {rps: 0, concurrency: 4}}}
  elsewhere: {regions: {bj: }}
`, roleAccount, w.url))
	w.enqueue(t, "apply", "--yes", w.writeText(t, batch+".csv", "name,subnetId,account\na,sbn-a,default\nb,sbn-a,customer\nc,sbn-a,customer\n"))
	worker := w.start(t, "worker", "--config", lanes)
	worker.awaitText(t, `"lane":"elsewhere/bj"`) // has no credentials
	worker.awaitText(t, sayReady)
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	response, err := http.Get(w.url + "/_sim/truth")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var truth struct {
		HaVIPs []struct{ Name, Account string } `json:"haVips"`
	}
	if err := json.NewDecoder(response.Body).Decode(&truth); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, h := range truth.HaVIPs {
		got[h.Name] = h.Account
	}
	if len(truth.HaVIPs) != 3 || got["a"] == roleAccount || got["b"] != roleAccount || got["c"] != roleAccount {
		t.Errorf("%v were created", truth.HaVIPs)
	}
}
