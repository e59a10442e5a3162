package redisconn

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// silenceAfter is how long a command may remain unanswered before that is reported. The command continues.
const silenceAfter = 2500 * time.Millisecond

// Told calls tell with each new reason to wait for Redis: at the start ([WaitReady]), and when a command is not answered for
// some seconds. The error is a [*ConnError], or nil once Redis answers again; tell may be called by several goroutines at once.
func Told(tell func(error)) Option {
	return func(o *Options) { o.tell = tell }
}

// explainHook explains the errors of all commands of a client. The commands of a pipeline keep their own errors; the error of
// the pipeline is explained.
type explainHook struct {
	explainer

	mu sync.Mutex
	// answered is when the last command was answered.
	answered time.Time
	// silent is whether the current silence has been reported.
	silent bool
}

// DialHook changes nothing.
func (h *explainHook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook explains why a command failed.
func (h *explainHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		answered := h.await(ctx, []redis.Cmder{cmd})
		err := next(ctx, cmd)
		answered(err)
		if unknownCommand(err) && h.isSentinel(ctx, next) {
			return h.sentinelError(err)
		}
		return h.of(ctx, err)
	}
}

// ProcessPipelineHook explains why a pipeline or a transaction failed.
func (h *explainHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		answered := h.await(ctx, cmds)
		err := next(ctx, cmds)
		answered(err)
		if redis.IsExecAbortError(err) {
			err = abortCause(cmds, err)
		}
		return h.of(ctx, err)
	}
}

// of explains an error, unless the context has ended.
func (h *explainHook) of(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return h.explain(err)
}

// abortCause returns why Redis aborted a transaction: the error of one of its commands.
func abortCause(cmds []redis.Cmder, abort error) error {
	for _, cmd := range cmds {
		if err := cmd.Err(); isReply(err) && !redis.IsExecAbortError(err) {
			return err
		}
	}
	return abort
}

// await reports silence until answered is called.
func (h *explainHook) await(ctx context.Context, cmds []redis.Cmder) (answered func(error)) {
	if h.options.tell == nil {
		return func(error) {}
	}
	after := silenceAfter
	for _, cmd := range cmds {
		wait, limited := waitOf(cmd)
		if !limited {
			return func(error) {}
		}
		after += wait
	}
	asked := time.Now()
	timer := time.AfterFunc(after, func() {
		if ctx.Err() == nil && h.isSilentSince(asked) {
			h.options.tell(h.explain(errSilent))
		}
	})
	return func(err error) {
		timer.Stop()
		if (err == nil || isReply(err)) && h.endSilence() {
			h.options.tell(nil)
		}
	}
}

// endSilence records an answer, and reports whether a silence had been reported.
func (h *explainHook) endSilence() (reported bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	reported = h.silent
	h.answered, h.silent = time.Now(), false
	return reported
}

// isSilentSince reports, once for each silence, whether no command was answered since then. In a cluster, other masters may
// have answered.
func (h *explainHook) isSilentSince(asked time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.silent || h.options.Mode != Cluster && h.answered.After(asked) {
		return false
	}
	h.silent = true
	return true
}

// waitOf returns how long a command may block in Redis. It is not limited if that is unknown.
func waitOf(cmd redis.Cmder) (wait time.Duration, limited bool) {
	switch cmd.Name() {
	case "wait", "waitaof", "blpop", "brpop", "bzpopmin", "bzpopmax":
		return 0, false
	case "xread", "xreadgroup":
		args := cmd.Args()
		block := slices.IndexFunc(args, func(arg any) bool { return strings.EqualFold(text(arg), "block") })
		if block < 0 || block+1 == len(args) {
			return 0, true
		}
		milliseconds, known := args[block+1].(int64) // go-redis's own; 0 blocks for ever
		return time.Duration(milliseconds) * time.Millisecond, known && milliseconds > 0
	}
	return 0, true
}

// silence is the error of a server that has not answered yet.
type silence struct{}

var errSilent error = silence{}

func (silence) Error() string   { return "no answer yet" }
func (silence) Timeout() bool   { return true }
func (silence) Temporary() bool { return true }

// isSentinel reports whether a server that knows few commands is a sentinel.
func (h *explainHook) isSentinel(ctx context.Context, next redis.ProcessHook) bool {
	if h.options.Mode != Single {
		return false
	}
	role := redis.NewSliceCmd(ctx, "role")
	if err := next(ctx, role); err != nil {
		return false
	}
	answer := role.Val()
	return len(answer) > 0 && answer[0] == "sentinel"
}

func (x explainer) sentinelError(err error) error {
	return &ConnError{
		Endpoint: x.options.String(), Cause: "the server is a sentinel",
		Advice: "write redis-sentinel://" + x.options.Addrs[0] + "/0?master=NAME instead of redis:// (\"SENTINEL MASTERS\" lists the names)",
		Err:    err, kind: kindLasting,
	}
}
