package lane

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var sources embed.FS

// One script per transition, each preceded by the prelude; open, the usual case, precedes the prelude of admit.
var (
	admitScript    = compose("open", "prelude", "admit")
	tripScript     = script("trip")
	clearScript    = script("clear")
	releaseScript  = script("release")
	probeNowScript = script("probenow")
)

func script(name string) *redis.Script { return compose("prelude", name) }

func compose(names ...string) *redis.Script {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = source(name)
	}
	return redis.NewScript(strings.Join(parts, "\n"))
}

func source(name string) string {
	text, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("lane: embedded script: %v", err))
	}
	return string(text)
}

// keys of one lane. The braces keep them in one slot of a Redis Cluster.
type keys struct{ suspensions, operator, log, workers, cloud, rate string }

func keysOf(lane string) keys {
	prefix := "havip:lane:{" + lane + "}:"
	return keys{suspensions: prefix + "suspensions", operator: prefix + "operator", log: prefix + "log", workers: prefix + "workers", cloud: prefix + "cloud", rate: prefix + "rate"}
}

// list is in the order that lua/prelude.lua expects.
func (k keys) list() []string { return []string{k.suspensions, k.operator, k.log, k.workers} }

func (b *Breaker) run(ctx context.Context, s *redis.Script, args ...any) *redis.Cmd {
	return run(ctx, b.rdb, s, b.lane, b.now, args...)
}

// run calls a script about a lane. The time goes first: 0 selects Redis's clock.
func run(ctx context.Context, rdb redis.Cmdable, s *redis.Script, lane string, clock func() time.Time, args ...any) *redis.Cmd {
	now := "0"
	if clock != nil {
		now = strconv.FormatInt(clock().UnixMilli(), 10)
	}
	return s.Run(ctx, rdb, keysOf(lane).list(), append([]any{now}, args...)...)
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
		return nil, fmt.Errorf("unexpected reply %v from a breaker script", list)
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
