package fairqueue_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"havip/internal/fairqueue"
	"havip/test/redistest"
)

// The run order of the tasks, the next first: digits are the others, in the order in which they were added; letters are own.
func TestInterleave(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client(t)
	for i, c := range []struct {
		name, before string
		n, own       int
		want         string
	}{
		{"two of a small batch", "0123456ab", 2, 2, "0a1b23456"},
		{"one", "0123a", 1, 1, "0a123"},
		{"not more than twice as many others", "0123ab", 2, 2, "0123ab"},
		{"earlier tasks of the batch count", "01234567ab", 1, 3, "0b1234567a"},
		{"earlier tasks of the batch are too many", "012345678ab", 1, 4, "012345678ab"},
		{"nothing added", "0123", 0, 0, "0123"},
		{"an empty queue", "", 3, 3, ""},
		{"all own", "abc", 3, 3, "abc"},
	} {
		key := "asynq:{q" + strconv.Itoa(i) + "}:pending"
		for _, id := range c.before {
			if err := rdb.LPush(t.Context(), key, string(id)).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := fairqueue.Interleave(t.Context(), rdb, key, c.n, c.own); err != nil {
			t.Fatal(err)
		}
		ids := rdb.LRange(t.Context(), key, 0, -1).Val()
		slices.Reverse(ids)
		if got := strings.Join(ids, ""); got != c.want {
			t.Errorf("%s: %s becomes %s, want %s", c.name, c.before, got, c.want)
		}
	}
}

// The largest call has no more arguments than Lua can pass, and loses no task.
func TestInterleave_most(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client(t)
	const key, tasks = "asynq:{q}:pending", 4*fairqueue.Most + 1
	for i := range tasks {
		if err := rdb.LPush(t.Context(), key, i).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := fairqueue.Interleave(t.Context(), rdb, key, fairqueue.Most, fairqueue.Most); err != nil {
		t.Fatal(err)
	}
	ids := rdb.LRange(t.Context(), key, 0, -1).Val()
	slices.Reverse(ids)
	if ids[0] != "0" || ids[1] != strconv.Itoa(tasks-fairqueue.Most) || ids[2] != "1" {
		t.Errorf("the next are %v", ids[:3])
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != tasks {
		t.Errorf("%d tasks are left of %d", n, tasks)
	}
}
