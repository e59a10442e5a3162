package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"havip/ledger"
	"havip/test/redistest"
)

// The contract: a created item costs at most 1 KiB of Redis besides its own text. The event stream
// is left out: it is capped for a batch, whatever the batch's size.
func TestMemoryOfAnItem(t *testing.T) {
	t.Parallel()
	const (
		items = 1000
		limit = 1024
		batch = "memory"
		lane  = "default/bj"
	)
	rdb := redistest.Start(t).Client(t)
	l := ledger.New(rdb)
	specs := make([]ledger.Spec, items)
	text := 0
	for i := range specs {
		key := fmt.Sprintf("vip-%05d", i)
		specs[i] = ledger.Spec{
			Key: key, Fingerprint: fmt.Sprintf("%022x", i), Line: i + 2, Account: "default", Region: "bj",
			ClientToken: ledger.ClientToken(batch, key, 1),
			Body:        fmt.Sprintf(`{"name":%q,"subnetId":"sbn-dk8gl9bc","privateIpAddress":"","description":"row %d"}`, key, i),
		}
		text += len(key) + len(specs[i].Body)
	}
	if _, err := l.Register(t.Context(), batch, ledger.Source{}, specs); err != nil {
		t.Fatal(err)
	}
	for i, spec := range specs {
		o := ledger.BeginOptions{Worker: "host-name-12345-0123abcd", Ticket: fmt.Sprintf("%013x", i), Lease: time.Minute}
		if _, err := l.Begin(t.Context(), batch, spec.Key, ledger.Known{}, o); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("havip-%012d", i)
		if _, err := l.ClaimHaVIP(t.Context(), lane, id, ledger.Owner{Batch: batch, Key: spec.Key}); err != nil {
			t.Fatal(err)
		}
		outcome := ledger.Outcome{
			State: ledger.Created, Class: "created", Counted: true, Status: 200, DurationMS: 12,
			RequestID: "7e789a40-adac-414a-8bd4-916d6be61112", HaVIPID: id, PrivateIPAddress: "192.168.100.100",
		}
		if _, _, err := l.Record(t.Context(), batch, spec.Key, ledger.Known{}, 1, outcome); err != nil {
			t.Fatal(err)
		}
		look := ledger.Look{Key: spec.Key, HaVIPID: id, Shown: &ledger.ListedHaVIP{At: time.Now(), Address: outcome.PrivateIPAddress}}
		if _, err := l.Confirm(t.Context(), batch, []ledger.Look{look}); err != nil {
			t.Fatal(err)
		}
	}
	total := int64(-text)
	for _, key := range []string{"specs", "records", "attempts", "order"} {
		total += rdb.MemoryUsage(t.Context(), "havip:{"+batch+"}:"+key, 0).Val()
	}
	total += rdb.MemoryUsage(t.Context(), "havip:owners", 0).Val()
	t.Logf("%d bytes an item besides %d of its own text", total/items, text/items)
	if total/items > limit || total <= 0 {
		t.Errorf("%d bytes an item, at most %d are allowed", total/items, limit)
	}
}
