package redisconn

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// granted are commands that the programs send, on keys that they use, one for each permission that a user may lack. It
// includes the scripts' commands, which Redis checks as well.
var granted = [][]any{
	{"evalsha", "0000000000000000000000000000000000000000", 0},
	{"eval", "return 0", 0},
	{"get", "havip:acl"},
	{"set", "havip:acl", ""},
	{"del", "havip:acl"},
	{"hset", "havip:acl", "f", ""},
	{"hmget", "havip:acl", "f"},
	{"zadd", "havip:acl", 0, "m"},
	{"zrangebyscore", "havip:acl", 0, 0},
	{"rpush", "havip:acl", ""},
	{"xadd", "havip:acl", "*", "f", ""},
	{"xrange", "havip:acl", "-", "+"},
	{"sadd", "asynq:queues", ""},
	{"lpush", "asynq:{acl}:pending", ""},
	{"get", "rate:havip:acl"},
	{"time"},
	{"info"},
	{"config", "get", "save"},
	{"publish", "asynq:cancel", ""},
	{"wait", 0, 0},
}

// MissingPermissions returns the programs' commands that the client's user may not run or the server does not know, each
// with the key of the attempt, such as "CONFIG get" or "GET rate:havip:acl". It executes nothing: it queues the commands in a
// transaction and discards it.
func MissingPermissions(ctx context.Context, client redis.Cmdable) ([]string, error) {
	server, err := anyServer(ctx, client)
	if err != nil || server == nil {
		return nil, err
	}
	conn := server.Conn()
	defer func() { _ = conn.Close() }()
	// Sent alone: if MULTI were refused, the following commands would be executed.
	if err := conn.Do(ctx, "multi").Err(); err != nil {
		if lacks(err) {
			return []string{"MULTI"}, nil
		}
		return nil, err
	}
	cmds, err := conn.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, command := range granted {
			pipe.Do(ctx, command...)
		}
		pipe.Do(ctx, "discard")
		return nil
	})
	if err != nil && !isReply(err) {
		return nil, err
	}
	var missing []string
	for i, command := range granted {
		if lacks(cmds[i].Err()) {
			missing = append(missing, commandName(command))
		}
	}
	return missing, nil
}

// lacks reports whether the user may not run a command or the server does not know it.
func lacks(err error) bool { return redis.IsPermissionError(err) || unknownCommand(err) }

// commandName returns a command with the key of the attempt.
func commandName(command []any) string {
	name := strings.ToUpper(text(command[0]))
	if len(command) > 1 && strings.Contains(text(command[1]), ":") || name == "CONFIG" {
		name += " " + text(command[1])
	}
	return name
}

// anyServer returns the server, or one master of a cluster, because users are the same on all; nil if there is none.
func anyServer(ctx context.Context, client redis.Cmdable) (*redis.Client, error) {
	switch client := client.(type) {
	case *redis.Client:
		return client, nil
	case *redis.ClusterClient:
		return client.MasterForKey(ctx, "havip:acl")
	}
	return nil, nil //nolint:nilnil // there is none
}
