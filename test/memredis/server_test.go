package memredis_test

import (
	"slices"
	"testing"
	"time"

	"havip/internal/redisconn"
	"havip/test/memredis"
)

// Time, expiry and the IDs of streams go by the given clock alone.
func TestClock(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := time.UnixMilli(1_700_000_000_123)
	rdb := newClient(t, memredis.New(func() time.Time { return now }))

	if at, err := rdb.Time(ctx).Result(); err != nil || !at.Equal(now) {
		t.Fatalf("TIME is %v, %v", at, err)
	}
	must(t, rdb.Set(ctx, "k", "v", time.Minute).Err())
	must(t, rdb.HSet(ctx, "h", "f", "v").Err())
	must(t, rdb.PExpire(ctx, "h", time.Minute).Err())
	if left, err := rdb.PTTL(ctx, "k").Result(); left != time.Minute || err != nil {
		t.Fatalf("left: %v, %v", left, err)
	}
	var ids []string
	for range 2 {
		id, err := rdb.Do(ctx, "XADD", "x", "*", "f", "v").Text()
		must(t, err)
		ids = append(ids, id)
	}
	now = now.Add(-time.Hour) // no ID is lower than one before
	id, err := rdb.Do(ctx, "XADD", "x", "*", "f", "v").Text()
	must(t, err)
	if want := []string{"1700000000123-0", "1700000000123-1", "1700000000123-2"}; !slices.Equal(append(ids, id), want) {
		t.Fatalf("IDs %v, then %s", ids, id)
	}

	now = now.Add(time.Hour + time.Minute)
	if n, err := rdb.Exists(ctx, "k", "h").Result(); n != 0 || err != nil {
		t.Fatalf("%d left, %v", n, err)
	}
	if keys, err := rdb.Keys(ctx, "*").Result(); !slices.Equal(keys, []string{"x"}) || err != nil {
		t.Fatal(keys, err)
	}
}

// What Redis answers in an order of its own comes in the order of bytes, whatever the order of writing.
func TestOrder(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := newClient(t, memredis.New(time.Now))
	must(t, rdb.HSet(ctx, "h", "c", 1, "a", 2, "b", 3).Err())
	must(t, rdb.SAdd(ctx, "t", "c", "a", "b").Err())
	fields, err := rdb.HKeys(ctx, "h").Result()
	must(t, err)
	names, err := rdb.SMembers(ctx, "t").Result()
	must(t, err)
	some, err := rdb.HRandField(ctx, "h", 2).Result()
	must(t, err)
	with, err := rdb.HRandFieldWithValues(ctx, "h", 1).Result()
	must(t, err)
	if want := []string{"a", "b", "c"}; !slices.Equal(fields, want) || !slices.Equal(names, want) {
		t.Fatal(fields, names)
	}
	if !slices.Equal(some, []string{"a", "b"}) || len(with) != 1 || with[0].Value != "2" {
		t.Fatal(some, with)
	}
}

// It passes for a Redis that loses nothing, is emptied, and refuses what it does not know.
func TestServer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := newClient(t, memredis.New(time.Now))
	findings, err := redisconn.Check(ctx, rdb)
	if len(findings) != 0 || err != nil {
		t.Fatal(findings, err)
	}
	must(t, rdb.Set(ctx, "k", "v", 0).Err())
	if n, err := rdb.MemoryUsage(ctx, "k").Result(); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	for _, empty := range []string{"FLUSHDB", "FLUSHALL"} {
		must(t, rdb.Set(ctx, "k", "v", 0).Err())
		must(t, rdb.Do(ctx, empty).Err())
		if n, err := rdb.DBSize(ctx).Result(); n != 0 || err != nil {
			t.Fatal(n, err)
		}
	}
	for _, unknown := range [][]any{{"GETRANGE", "k", 0, 1}, {"CONFIG", "SET", "a"}, {"MEMORY", "DOCTOR", "k"}, {"SCRIPT", "KILL"}} {
		if err := rdb.Do(ctx, unknown...).Err(); err == nil {
			t.Errorf("%v is not refused", unknown)
		}
	}
	if err := rdb.Subscribe(ctx, "c").Ping(ctx); err == nil {
		t.Error("SUBSCRIBE is not refused")
	}
}
