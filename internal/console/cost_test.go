package console

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"havip/ledger"
	"havip/tasks"
)

// A page of a batch of 100,000 items, of which the last ones have failed, takes no longer than this on the server.
const longestPage = 200 * time.Millisecond

func TestSlowLargeBatch(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	const items, chunk = 100_000, 1000
	for from := 0; from < items; from += chunk {
		specs := make([]ledger.Spec, chunk)
		for i := range specs {
			key := fmt.Sprintf("web-%06d", from+i)
			specs[i] = ledger.Spec{
				Key: key, Fingerprint: key, ClientToken: tasks.ClientToken("b", key, 1), Account: "default", Region: f.Region,
				Body: fmt.Sprintf(`{"name":%q,"subnetId":"sbn-1"}`, key),
			}
		}
		if _, err := f.Session.Ledger.Register(t.Context(), "b", ledger.Source{}, specs); err != nil {
			t.Fatal(err)
		}
	}
	for i := items - 3; i < items; i++ {
		if _, _, err := f.Session.Ledger.Settle(t.Context(), "b", fmt.Sprintf("web-%06d", i), ledger.Rejected, "Full", "no"); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		"/", "/batch?name=b", "/batch?name=b&state=rejected", "/batch?name=b&state=queued&code=None", "/batch?name=b&from=99950",
		"/item?batch=b&key=web-050000", "/events?batch=b", "/lanes", "/act?op=cancel&batch=b", "/act?op=retry&batch=b&where=state%3Drejected",
	} {
		best := time.Hour // of a few: other tests run as well
		for range 5 {
			began := time.Now()
			if a := f.get(t, path); a.Status != http.StatusOK {
				t.Fatalf("%s: status %d", path, a.Status)
			}
			best = min(best, time.Since(began))
		}
		t.Logf("%s: %s", path, best.Round(100*time.Microsecond))
		if best > longestPage {
			t.Errorf("%s takes %s", path, best)
		}
	}
}
