package redisconn

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

func script(keys []string, argv ...any) redis.Cmder {
	args := []any{"evalsha", "0123abcd", len(keys)}
	for _, key := range keys {
		args = append(args, key)
	}
	return redis.NewCmd(context.Background(), append(args, argv...)...)
}

// The keys and arguments are those of asynq v0.26.0, internal/rdb/rdb.go.
func TestParseAck(t *testing.T) {
	t.Parallel()
	const q = "asynq:{havip.default.bj}:"
	moved := ack{task: q + "t:b/k/1", lease: q + "lease", id: "b/k/1"}
	rewritten := moved
	rewritten.message = "new"
	none := ack{}
	for name, tt := range map[string]struct {
		cmd  redis.Cmder
		want ack
	}{
		"done":         {script([]string{q + "active", q + "lease", q + "t:b/k/1", q + "processed:2026-01-01", q + "processed"}, "b/k/1", int64(1), int64(2)), moved},
		"done unique":  {script([]string{q + "active", q + "lease", q + "t:b/k/1", q + "processed:2026-01-01", q + "processed", q + "unique:x"}, "b/k/1", int64(1), int64(2)), moved},
		"complete":     {script([]string{q + "active", q + "lease", q + "completed", q + "t:b/k/1", q + "processed:2026-01-01", q + "processed"}, "b/k/1", 1, 2, []byte("new"), 3), moved},
		"requeue":      {script([]string{q + "active", q + "lease", q + "pending", q + "t:b/k/1"}, "b/k/1"), moved},
		"retry":        {script([]string{q + "t:b/k/1", q + "active", q + "lease", q + "retry", q + "processed:2026-01-01"}, "b/k/1", []byte("new"), 1, 2, true), rewritten},
		"archive":      {script([]string{q + "t:b/k/1", q + "active", q + "lease", q + "archived", q + "processed:2026-01-01"}, "b/k/1", []byte("new"), 1), moved},
		"dequeue":      {script([]string{q + "pending", q + "paused", q + "active", q + "lease"}, 1, q+"t:"), none},
		"enqueue":      {script([]string{q + "t:b/k/1", q + "pending"}, "msg", "b/k/1"), none},
		"ledger":       {script([]string{"havip:{b}:active", "havip:{b}:lease", "havip:{b}:t:k"}, "k"), none},
		"other task":   {script([]string{q + "active", q + "lease", q + "t:other"}, "b/k/1"), none},
		"other lease":  {script([]string{q + "active", "asynq:{other}:lease", q + "t:b/k/1"}, "b/k/1"), none},
		"no argument":  {script([]string{q + "active", q + "lease"}), none},
		"no keys":      {script(nil, "b/k/1"), none},
		"not a script": {redis.NewCmd(context.Background(), "zrem", q+"lease", "b/k/1"), none},
		"odd count":    {redis.NewCmd(context.Background(), "eval", "", 9, q+"active"), none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := parseAck(tt.cmd)
			if ok != (tt.want != none) {
				t.Errorf("recognized = %t", ok)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(ack{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSentOnce(t *testing.T) {
	t.Parallel()
	cmd := script([]string{"k"})
	if cmd.NoRetry() || !(sentOnce{cmd}).NoRetry() {
		t.Error("a command sent once must forbid its repetition, and no other")
	}
}
