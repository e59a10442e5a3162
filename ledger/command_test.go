package ledger

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/lifecycle"
)

// What was committed beside an item that is damaged meanwhile is committed once, and the answer says so.
func TestCommandBesideDamage(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), PipelinePoolSize: -1})
	t.Cleanup(func() { _ = rdb.Close() })
	l := New(rdb)
	specs, seen := make([]Spec, 2), make([]Item, 2)
	for i, key := range []string{"a", "b"} {
		specs[i] = Spec{Key: key, Fingerprint: "f", ClientToken: "t", Account: "default", Region: "bj", Body: "{}"}
		seen[i] = Item{Batch: "batch", Spec: specs[i]}
	}
	if _, err := l.Register(t.Context(), "batch", Source{}, specs); err != nil {
		t.Fatal(err)
	}
	answers, err := l.command(t.Context(), "cancel", "batch", seen, func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		if i == 1 { // after both were read
			if err := rdb.HSet(t.Context(), keysOf("batch").records, "b", "garbage").Err(); err != nil {
				t.Error(err)
			}
		}
		return lifecycle.Cancel(s, "why")
	})
	if err != nil || answers[0].Result != lifecycle.CommandApplied || answers[0].Item.Record.State != Canceled || answers[1].Result != lifecycle.CommandDamaged || answers[1].Err == nil {
		t.Errorf("%+v, %v", answers, err)
	}
}
