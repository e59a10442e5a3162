package memredis_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
	"havip/test/memredis"
	"havip/test/redistest"
)

// typed are calls, each with a reply of another type.
var typed = map[string]func(context.Context, redis.UniversalClient) (any, error){
	"set": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.Set(ctx, "s", "5", 0).Result()
	},
	"nx": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.SetNX(ctx, "s", 1, 0).Result()
	},
	"nx at": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.SetNX(ctx, "s", 1, time.Hour).Result()
	},
	"get":  func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.Get(ctx, "s").Result() },
	"nil":  func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.Get(ctx, "none").Result() },
	"incr": func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.Incr(ctx, "n").Result() },
	"float": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.IncrByFloat(ctx, "fl", 1.5).Result()
	},
	"ttl":  func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.TTL(ctx, "s").Result() },
	"pttl": func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.PTTL(ctx, "none").Result() },
	"mget": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.MGet(ctx, "s", "none").Result()
	},
	"all": func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.HGetAll(ctx, "h").Result() },
	"empty": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.HGetAll(ctx, "none").Result()
	},
	"hmget": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.HMGet(ctx, "h", "a", "x").Result()
	},
	"has": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.HExists(ctx, "h", "a").Result()
	},
	"map": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.SMembersMap(ctx, "t").Result()
	},
	"many": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.SMIsMember(ctx, "t", "a", "x").Result()
	},
	"range": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.ZRange(ctx, "z", 0, -1).Result()
	},
	"score": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.ZScore(ctx, "z", "a").Result()
	},
	"unscored": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.ZScore(ctx, "z", "none").Result()
	},
	"scores": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.ZRangeWithScores(ctx, "z", 0, -1).Result()
	},
	"mscore": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.ZMScore(ctx, "z", "a", "b").Result()
	},
	"lrange": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.LRange(ctx, "l", 0, -1).Result()
	},
	"lpop": func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.LPop(ctx, "none").Result() },
	"lpopn": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.LPopCount(ctx, "none", 2).Result()
	},
	"x": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.XRange(ctx, "x", "-", "+").Result()
	},
	"x empty": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.XRange(ctx, "none", "-", "+").Result()
	},
	"xread": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.XRead(ctx, &redis.XReadArgs{Streams: []string{"x", "0"}, Block: -1}).Result()
	},
	"xread none": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.XRead(ctx, &redis.XReadArgs{Streams: []string{"x", "9"}, Block: -1}).Result()
	},
	"script": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.Eval(ctx, `return {1, 'a', {}, false}`, nil).Result()
	},
	"script nil": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.Eval(ctx, `return nil`, nil).Result()
	},
	"script slice": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.Eval(ctx, `return {1, 2}`, nil).Int64Slice()
	},
	"wrong type": func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.Get(ctx, "h").Result() },
	"type":       func(ctx context.Context, c redis.UniversalClient) (any, error) { return c.Type(ctx, "h").Result() },
	"config": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return c.ConfigGet(ctx, "maxmemory").Result()
	},
	"tx": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		cmds, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, "h", "tx", 1)
			p.Get(ctx, "h")
			p.HGet(ctx, "h", "tx")
			return nil
		})
		return texts(cmds), err
	},
	"tx refused": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, "h", "refused", 1)
			p.Do(ctx, "GET")
			return nil
		})
		return []bool{c.HExists(ctx, "h", "refused").Val(), err != nil}, nil
	},
	"pipeline": func(ctx context.Context, c redis.UniversalClient) (any, error) {
		cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Get(ctx, "none")
			p.Get(ctx, "h")
			p.LLen(ctx, "l")
			return nil
		})
		return texts(cmds), err
	},
}

func texts(cmds []redis.Cmder) []string {
	list := make([]string, len(cmds))
	for i, cmd := range cmds {
		list[i] = cmd.String()
	}
	return list
}

// Each type of reply, nil and error is what go-redis reads from a real Redis.
func TestTypedReplies(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, memory := redistest.Start(t).Client(t), newClient(t, memredis.New(time.Now))
	for _, rdb := range []redis.UniversalClient{server, memory} {
		_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "s", "5", 0)
			p.HSet(ctx, "h", "a", "1")
			p.SAdd(ctx, "t", "a")
			p.ZAdd(ctx, "z", redis.Z{Member: "a", Score: 1.5}, redis.Z{Member: "b", Score: 2})
			p.RPush(ctx, "l", "a", "b")
			p.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: "1-1", Values: []string{"f", "v"}})
			return nil
		})
		must(t, err)
	}
	for name, call := range typed {
		want, wantErr := call(ctx, server)
		got, gotErr := call(ctx, memory)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-Redis +memredis):\n%s", name, diff)
		}
		if (wantErr == nil) != (gotErr == nil) || wantErr != nil && wantErr.Error() != gotErr.Error() || errors.Is(wantErr, redis.Nil) != errors.Is(gotErr, redis.Nil) {
			t.Errorf("%s: error %v, want %v", name, gotErr, wantErr)
		}
	}
}

var errCut = errors.New("cut off")

// A call may be lost on its way there, or its reply on the way back.
func TestThrough(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memredis.New(time.Now)
	var seen []string
	arrives, answers := true, true
	rdb := store.Client(func(_ context.Context, cmds []redis.Cmder, run func()) error {
		for _, cmd := range cmds {
			seen = append(seen, cmd.Name())
		}
		if arrives {
			run()
		}
		if !answers {
			return errCut
		}
		return nil
	})

	answers = false
	if n, err := rdb.Incr(ctx, "n").Result(); n != 0 || !errors.Is(err, errCut) {
		t.Fatal(n, err)
	}
	arrives = false
	cmds, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "n")
		return nil
	})
	if !errors.Is(err, errCut) || !errors.Is(cmds[0].Err(), errCut) {
		t.Fatal(err, cmds)
	}
	answers = true
	if err := rdb.Get(ctx, "n").Err(); err == nil || errors.Is(err, redis.Nil) {
		t.Fatalf("neither carried out nor refused: %v", err)
	}
	arrives = true
	if n, err := rdb.Get(ctx, "n").Int(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := rdb.Get(over, "n").Err(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if want := []string{"incr", "multi", "incr", "exec", "get", "get"}; !slices.Equal(seen, want) {
		t.Fatalf("seen %v, want %v", seen, want)
	}
}

// A hook that was added later sees calls, and may wrap a command as that of redisconn does.
func TestHooks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := newClient(t, memredis.New(time.Now))
	redisconn.RepairAcks(rdb)
	must(t, rdb.RPush(ctx, "asynq:{q}:active", "id").Err())
	must(t, rdb.ZAdd(ctx, "asynq:{q}:lease", redis.Z{Member: "id", Score: 1}).Err())
	keys := []string{"asynq:{q}:active", "asynq:{q}:lease", "asynq:{q}:t:id"}
	done := redis.NewScript(`redis.call('ZREM', KEYS[2], ARGV[1]) return redis.call('LREM', KEYS[1], 0, ARGV[1])`)
	if n, err := done.Run(ctx, rdb, keys, "id").Int(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := done.Run(over, rdb, keys, "id").Err(); err != nil {
		t.Fatalf("the ack repeated, without anything left to do: %v", err)
	}
}
