package redisconn

import (
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ack is a command by which asynq takes a task out of a worker's hands: done, complete,
// retry, archive or requeue.
type ack struct {
	// task and lease are the keys of the task's hash and of its queue's leases.
	task, lease string
	id          string
	// message is the task as a retry rewrites it, "" for the others. It differs from one
	// repetition to the next, by its time, and so tells which of them was carried out.
	message string
}

// parseAck recognises an ack by its keys, for asynq names its scripts only by their hash:
// the queue's active list and its leases, side by side and at most second, and the hash of
// the task that the first argument names. (Dequeue has the first two as well, but behind
// the pending list, and no task yet.)
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

// scriptArgs returns the keys and arguments of an EVAL or EVALSHA, none of another command.
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

// text returns an argument that is text, and "" for a number, which none of ours is.
func text(arg any) string {
	switch arg := arg.(type) {
	case string:
		return arg
	case []byte:
		return string(arg)
	}
	return ""
}

// sentOnce is a command that go-redis does not repeat of its own accord.
type sentOnce struct{ redis.Cmder }

// NoRetry overrides the command's own answer.
func (sentOnce) NoRetry() bool { return true }
