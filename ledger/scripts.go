package ledger

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var sources embed.FS

// One script per transition, each preceded by the shared parts.
var (
	registerScript     = script("register")
	commitScript       = script("commit")
	onCompleteScript   = script("oncomplete")
	notificationScript = script("notification")
	actScript          = script("act")
	pauseScript        = script("pause")
	resumeScript       = script("resume")
	limitScript        = script("limit")

	forgetScript = script("forget")
)

// changeScript has the fast path of most changes before the shared parts.
var changeScript = compose("change", "prelude", "note", "batchpause", "changed")

// These need no prelude: they change no counter of a batch.
var (
	itemsScript    = redis.NewScript(source("items"))
	readScript     = redis.NewScript(source("read"))
	enqueuedScript = redis.NewScript(source("enqueued"))
	finishedScript = redis.NewScript(source("finished"))
	staleScript    = redis.NewScript(source("stale"))
)

func script(name string) *redis.Script { return compose("prelude", "note", "batchpause", name) }

func compose(names ...string) *redis.Script {
	parts := []string{"local EVENTS_KEPT = " + eventsKept}
	for _, name := range names {
		parts = append(parts, source(name))
	}
	return redis.NewScript(strings.Join(parts, "\n"))
}

// eventsKept is how many of a batch's newest events are kept, approximately.
const eventsKept = "10000"

func source(name string) string {
	text, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("ledger: embedded script: %v", err))
	}
	return string(text)
}

// keys of one batch, all in one Redis Cluster slot.
type keys struct{ batch, specs, records, attempts, order, open, events, acts, unknown, unconfirmed string }

func keysOf(batch string) keys {
	prefix := "havip:{" + batch + "}:"
	return keys{
		batch:    prefix + "batch",
		specs:    prefix + "specs",
		records:  prefix + "records",
		attempts: prefix + "attempts",
		order:    prefix + "order",
		open:     prefix + "open",
		events:   prefix + "events",
		acts:     prefix + "acts",
		unknown:  prefix + "unknown",

		unconfirmed: prefix + "unconfirmed",
	}
}

// list is in the order that lua/prelude.lua expects.
func (k keys) list() []string {
	return []string{k.batch, k.specs, k.records, k.attempts, k.order, k.open, k.events, k.acts, k.unknown, k.unconfirmed}
}

// run calls a script. The time goes first: 0 leaves it to Redis.
func (l *Ledger) run(ctx context.Context, s *redis.Script, batch string, args ...any) (any, error) {
	return s.Run(ctx, l.rdb, keysOf(batch).list(), l.timed(args)...).Result()
}

func (l *Ledger) timed(args []any) []any {
	return append(append(make([]any, 0, len(args)+1), l.millis()), args...)
}

// runEach is run for each list of arguments, in order and in one round trip.
func (l *Ledger) runEach(ctx context.Context, s *redis.Script, batch string, calls [][]any) ([]any, error) {
	timed := make([][]any, len(calls))
	for i, args := range calls {
		timed[i] = l.timed(args)
	}
	return l.pipeline(ctx, s, batch, timed)
}

// pipeline calls a script once for each list of arguments, the time among them.
func (l *Ledger) pipeline(ctx context.Context, s *redis.Script, batch string, calls [][]any) ([]any, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	names := keysOf(batch).list()
	if len(calls) == 1 {
		answer, err := s.Run(ctx, l.rdb, names, calls[0]...).Result()
		return []any{answer}, err
	}
	first := s.EvalSha
	if _, sent := l.sent.Load(s); !sent {
		first = s.Eval // loads the script for the following calls
	}
	answers, err := l.calls(ctx, first, s.EvalSha, names, calls)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // another server; no call was executed
		answers, err = l.calls(ctx, s.Eval, s.EvalSha, names, calls)
	}
	if err == nil {
		l.sent.Store(s, true)
	}
	return answers, err
}

type scriptCall = func(ctx context.Context, rdb redis.Scripter, keys []string, args ...any) *redis.Cmd

// calls calls a script in one round trip, the first time by another method than the other times.
func (l *Ledger) calls(ctx context.Context, first, others scriptCall, names []string, calls [][]any) ([]any, error) {
	answers := make([]*redis.Cmd, len(calls))
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		call := first
		for i, args := range calls {
			answers[i] = call(ctx, pipe, names, args...)
			call = others
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	values := make([]any, len(answers))
	for i, answer := range answers {
		values[i] = answer.Val()
	}
	return values, nil
}

func (l *Ledger) millis() string {
	if l.now == nil {
		return "0"
	}
	return strconv.FormatInt(l.now().UnixMilli(), 10)
}

// reply reads a script's array of bulk strings and integers.
type reply []any

func replyOf(v any, fields int) (reply, error) {
	list, ok := v.([]any)
	if !ok || len(list) != fields {
		return nil, fmt.Errorf("unexpected reply %v from a ledger script", v)
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
