package redisconn

import (
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ack is a command with which asynq ends a worker's run of a task: done, complete, retry, archive
// or requeue.
type ack struct {
	// task and lease are the keys of the task's hash and of its queue's leases.
	task, lease string
	id          string
	// message is the task as rewritten by a retry, "" for other acks. Its time differs in each
	// repetition, and so identifies the one that was executed.
	message string
}

// parseAck recognizes an ack by its keys, because asynq identifies its scripts only by hash: the
// queue's active list and its leases, next to each other and at most second, and the hash of the
// task in the first argument. (Dequeue has the first two as well, but after the pending list, and
// no task.)
func parseAck(cmd redis.Cmder) (ack, bool) {
	keys, argv := scriptArgs(cmd)
	at := slices.IndexFunc(keys, func(key string) bool {
		return strings.HasPrefix(key, "asynq:{") && strings.HasSuffix(key, "}:active")
	})
	if at < 0 || at > 1 || at+1 == len(keys) || len(argv) == 0 {
		return ack{}, false
	}
	queue := strings.TrimSuffix(keys[at], "active")
	found := ack{id: text(argv[0]), lease: queue + "lease"}
	found.task = queue + "t:" + found.id
	if keys[at+1] != found.lease || !slices.Contains(keys, found.task) {
		return ack{}, false
	}
	if slices.Contains(keys, queue+"retry") && len(argv) > 1 {
		found.message = text(argv[1])
	}
	return found, true
}

// scriptArgs returns the keys and arguments of an EVAL or EVALSHA, and none for other commands.
func scriptArgs(cmd redis.Cmder) (keys []string, argv []any) {
	args := cmd.Args()
	if name := cmd.Name(); name != "eval" && name != "evalsha" || len(args) < 3 {
		return nil, nil
	}
	count, ok := args[2].(int)
	if !ok || count < 0 || len(args) < 3+count {
		return nil, nil
	}
	for _, key := range args[3 : 3+count] {
		keys = append(keys, text(key))
	}
	return keys, args[3+count:]
}

// text returns a text argument, and "" for a number, which is not needed.
func text(arg any) string {
	switch arg := arg.(type) {
	case string:
		return arg
	case []byte:
		return string(arg)
	}
	return ""
}

// sentOnce is a command that go-redis does not retry.
type sentOnce struct{ redis.Cmder }

// NoRetry overrides the command's method.
func (sentOnce) NoRetry() bool { return true }
