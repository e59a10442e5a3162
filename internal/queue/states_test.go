package queue_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/test/redistest"
)

// Only what an asynq server would do now is due.
func TestStates(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client(t)
	now := time.Now()
	delayed := func(set string, in time.Duration) []any {
		return []any{"ZADD", set, now.Add(in).Unix(), "id"}
	}
	want, names := map[string]queue.State{}, []string{}
	for name, c := range map[string]struct {
		commands [][]any // without the queue's prefix of the key
		want     queue.State
	}{
		"empty":              {nil, queue.State{}},
		"pending":            {[][]any{{"LPUSH", "pending", "id"}}, queue.State{Tasks: true, Pending: true, Due: true}},
		"paused":             {[][]any{{"LPUSH", "pending", "id"}, {"SET", "paused", 1}}, queue.State{Tasks: true, Pending: true}},
		"active":             {[][]any{{"LPUSH", "active", "id"}}, queue.State{Tasks: true, Due: true}},
		"paused and active":  {[][]any{{"LPUSH", "active", "id"}, {"SET", "paused", 1}}, queue.State{Tasks: true, Due: true}},
		"scheduled":          {[][]any{delayed("scheduled", 0)}, queue.State{Tasks: true, Due: true}},
		"scheduled later":    {[][]any{delayed("scheduled", time.Minute)}, queue.State{Tasks: true}},
		"retry":              {[][]any{delayed("retry", -time.Minute)}, queue.State{Tasks: true, Due: true}},
		"retry later":        {[][]any{delayed("retry", time.Minute)}, queue.State{Tasks: true}},
		"retry after retry":  {[][]any{delayed("retry", time.Minute), {"ZADD", "retry", now.Unix(), "other"}}, queue.State{Tasks: true, Due: true}},
		"completed":          {[][]any{delayed("completed", 0)}, queue.State{Tasks: true, Due: true}},
		"completed and kept": {[][]any{delayed("completed", time.Minute)}, queue.State{Tasks: true}},
		"archived":           {[][]any{delayed("archived", -time.Hour)}, queue.State{Tasks: true}},
	} {
		for _, command := range c.commands {
			command[1] = queue.Named(rdb, name).Key(command[1].(string))
			do(t, rdb, command)
		}
		want[name], names = c.want, append(names, name)
	}
	for i := range 300 { // more than one script reads
		name := time.Duration(i).String()
		want[name], names = queue.State{}, append(names, name)
	}
	got, err := queue.States(t.Context(), rdb, names, now)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestStatesWithoutRedis(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{})
	if err := rdb.Close(); err != nil {
		t.Fatal(err)
	}
	if states, err := queue.States(t.Context(), rdb, []string{"q"}, time.Now()); err == nil || len(states) != 0 {
		t.Errorf("%v, %v", states, err)
	}
}
