package e2e

import (
	"flag"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	asynqueue "havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// killRows is the length of the file; `make kill-apply` gives the full one.
var killRows = flag.Int("kill-rows", 2500, "rows of the file whose apply is killed at random moments")

// TestApplyKilledAtRandomMoments kills apply at twenty moments, spread by chance over the file, and runs
// it again each time. No worker takes a task away, so that all of them can be counted.
func TestApplyKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	const kills, batch = 20, "bulk"
	w, chance := newStack(t), seeded(t)
	rows := rowsOf(*killRows)
	file := w.write(t, batch+".csv", rows)
	rdb := w.redis.Client(t)
	moments := make([]int, kills)
	for i := range moments {
		moments[i] = chance.IntN(2 * len(rows) * 9 / 10) // what is left gives every run something to die in
	}
	slices.Sort(moments)
	l := w.newLink(t)
	for _, moment := range moments {
		w.killApply(t, l, file, moment, chance.IntN(killSpread))
	}
	t.Logf("%d rows; killed at %v", len(rows), moments)
	w.enqueue(t, "apply", "--yes", file)
	requireLedger(t, rdb, batch, rows)
	requireTasks(t, rdb, batch, rows)
}

// requireLedger fails unless the batch is whole, and holds each row once, in the file's order.
func requireLedger(t *testing.T, rdb redis.UniversalClient, batch string, rows []row) {
	t.Helper()
	b, err := ledger.New(rdb).Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(len(rows))
	if b.CommittedAt == 0 || b.Total != n || b.Counts[ledger.Queued] != n {
		t.Errorf("after %d rows the batch stands so: %+v", n, b)
	}
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.key
	}
	order, err := rdb.LRange(t.Context(), "havip:{"+batch+"}:order", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, keys) {
		t.Errorf("%d rows are %d items, or in another order", n, len(order))
	}
	for _, hash := range []string{"specs", "records"} {
		if held := rdb.HLen(t.Context(), "havip:{"+batch+"}:"+hash).Val(); held != n {
			t.Errorf("%d rows have %d %s", n, held, hash)
		}
	}
}

// requireTasks fails unless asynq has one task for each row, all of them pending.
func requireTasks(t *testing.T, rdb redis.UniversalClient, batch string, rows []row) {
	t.Helper()
	q := asynqueue.Of(rdb, tasks.Lane{Account: "default", Region: "bj"}).Normal
	sizes, err := q.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sizes != (asynqueue.Sizes{Pending: int64(len(rows))}) {
		t.Errorf("%d rows have these tasks: %+v", len(rows), sizes)
	}
	pending, err := rdb.LRange(t.Context(), q.Key("pending"), 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	wanted := make([]string, len(rows))
	for i, r := range rows {
		wanted[i] = tasks.TaskID(batch, r.key, 1)
	}
	slices.Sort(wanted)
	slices.Sort(pending)
	if !slices.Equal(pending, wanted) {
		t.Errorf("the %d tasks are not one for each of %d rows", len(pending), len(rows))
	}
	hashes, err := rdb.Keys(t.Context(), "asynq:*:t:*").Result()
	if err != nil || len(hashes) != len(rows) {
		t.Errorf("%d rows have %d tasks' contents (%v)", len(rows), len(hashes), err)
	}
}
