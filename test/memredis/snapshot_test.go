package memredis_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/test/memredis"
)

// whole is everything that is in a Redis.
func whole(t *testing.T, rdb *redis.Client) map[string]any {
	t.Helper()
	ctx := t.Context()
	all := map[string]any{}
	keys, err := rdb.Keys(ctx, "*").Result()
	must(t, err)
	for _, key := range keys {
		var read []any
		switch kind := rdb.Type(ctx, key).Val(); kind {
		case "string":
			read = []any{"GET", key}
		case "hash":
			read = []any{"HGETALL", key}
		case "set":
			read = []any{"SMEMBERS", key}
		case "list":
			read = []any{"LRANGE", key, 0, -1}
		case "zset":
			read = []any{"ZRANGE", key, 0, -1, "WITHSCORES"}
		case "stream":
			read = []any{"XRANGE", key, "-", "+"}
		}
		value, err := rdb.Do(ctx, read...).Result()
		must(t, err)
		all[key] = []any{value, rdb.PTTL(ctx, key).Val()}
	}
	return all
}

// Every moment of a random story can be brought back, in any order, and goes on from there without changing others.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	clock := func() time.Time { return now }
	store, other := memredis.New(clock), memredis.New(clock)
	rdb, elsewhere := newClient(t, store), newClient(t, other)
	r := rand.New(rand.NewPCG(1, 0))
	names := slices.Sorted(maps.Keys(phrases))
	step := func(rdb *redis.Client) {
		name := names[r.IntN(len(names))]
		_ = rdb.Do(t.Context(), say(r, name, phrases[name][r.IntN(len(phrases[name]))])...).Err()
	}

	var moments []*memredis.Snapshot
	var was []map[string]any
	for i := range 600 {
		if i%5 == 4 { // another story from an earlier moment on
			store.Restore(moments[r.IntN(len(moments))])
		}
		step(rdb)
		moments, was = append(moments, store.Snapshot()), append(was, whole(t, rdb))
	}
	for _, i := range r.Perm(len(moments)) {
		other.Restore(moments[i])
		if diff := cmp.Diff(was[i], whole(t, elsewhere)); diff != "" {
			t.Fatalf("moment %d (-then +now):\n%s", i, diff)
		}
		step(elsewhere)
		step(rdb)
	}
}

// A snapshot knows the scripts of its time, and the count of writes goes on over Restore.
func TestSnapshotOfScriptsAndWrites(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memredis.New(time.Now)
	rdb := newClient(t, store)
	before := store.Snapshot()
	script := redis.NewScript(`redis.call('SET', 'a', 1) redis.call('SET', 'b', 1) return redis.call('GET', 'a')`)
	must(t, script.Run(ctx, rdb, nil).Err())
	must(t, rdb.Get(ctx, "a").Err())
	must(t, rdb.Del(ctx, "missing").Err())
	if n := store.Writes(); n != 1 {
		t.Fatalf("%d writes: a script is one, and what changes nothing is none", n)
	}
	store.Restore(before)
	if err := script.EvalSha(ctx, rdb, nil).Err(); !redis.HasErrorPrefix(err, "NOSCRIPT") {
		t.Fatal(err)
	}
	if n := store.Writes(); n != 1 {
		t.Fatalf("%d writes after Restore", n)
	}
}

// Stores, and clients of one Store, may be used at once.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	store := memredis.New(time.Now)
	rdb := newClient(t, store)
	done := make(chan error)
	const callers, calls = 8, 50
	for i := range callers {
		go func() {
			var err error
			for n := range calls {
				store.Snapshot()
				if e := rdb.Eval(context.Background(), `return redis.call('HINCRBY', 'h', 'n', 1)`, nil).Err(); e != nil {
					err = fmt.Errorf("caller %d, call %d: %w", i, n, e)
				}
			}
			done <- err
		}()
	}
	for range callers {
		must(t, <-done)
	}
	if n, err := rdb.HGet(t.Context(), "h", "n").Int(); n != callers*calls || err != nil {
		t.Fatal(n, err)
	}
}
