package lane

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var sources embed.FS

// One script a transition, each with the prelude in front.
var (
	admitScript    = script("admit")
	tripScript     = script("trip")
	clearScript    = script("clear")
	releaseScript  = script("release")
	probeNowScript = script("probenow")
)

func script(name string) *redis.Script {
	return redis.NewScript(source("prelude") + "\n" + source(name))
}

func source(name string) string {
	text, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("lane: embedded script: %v", err))
	}
	return string(text)
}

// run calls a transition. The time goes first: 0 leaves it to Redis.
func (b *Breaker) run(ctx context.Context, s *redis.Script, args ...any) *redis.Cmd {
	now := "0"
	if b.now != nil {
		now = strconv.FormatInt(b.now().UnixMilli(), 10)
	}
	return s.Run(ctx, b.rdb, []string{b.key}, append([]any{now}, args...)...)
}

// withFields appends fields to a script's arguments.
func withFields(args []any, fields []string) []any {
	for _, field := range fields {
		args = append(args, field)
	}
	return args
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// reply reads a script's array of bulk strings and integers.
type reply []any

func replyOf(cmd *redis.Cmd, fields int) (reply, error) {
	list, err := cmd.Slice()
	if err != nil {
		return nil, err
	}
	if len(list) != fields {
		return nil, fmt.Errorf("unexpected answer %v from a breaker script", list)
	}
	return list, nil
}

func (r reply) text(i int) string {
	s, _ := r[i].(string)
	return s
}

func (r reply) number(i int) int64 {
	n, _ := r[i].(int64)
	return n
}
