package hazards

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// hook stands between a client and its Redis: it is given each command, and what sends it on.
type hook func(cmd redis.Cmder, send func() error) error

// DialHook leaves dialing as it is.
func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are: asynq's server uses none.
func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook calls the hook.
func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return h(cmd, func() error { return next(ctx, cmd) })
	}
}

// endings are the last words of a script's keys, by which asynq's scripts are told apart; there are
// none of another command.
func endings(cmd redis.Cmder) string {
	args := cmd.Args()
	if !strings.HasPrefix(cmd.Name(), "eval") || len(args) < 3 {
		return ""
	}
	n, _ := args[2].(int)
	var words []string
	for _, arg := range args[3 : 3+n] {
		key, _ := arg.(string)
		words = append(words, key[strings.LastIndex(key, ":")+1:])
	}
	return strings.Join(words, " ")
}
