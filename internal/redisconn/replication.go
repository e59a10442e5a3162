package redisconn

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// replication is what a server reports about its replication. A server that reports nothing (INFO
// forbidden, or a stand-in) counts as a master without replicas.
type replication struct {
	replica bool
	// history identifies the stream of writes since the server became master. A promoted or restarted server
	// begins a new one: as long as master and history are the same, no write is missing.
	history string
	// connected counts the connected replicas, and expected those that should be.
	connected, expected int
}

// informant is a server, or one connection to it.
type informant interface {
	Info(ctx context.Context, sections ...string) *redis.StringCmd
	ConfigGet(ctx context.Context, parameter string) *redis.MapStringStringCmd
}

func replicationOf(ctx context.Context, server informant) (replication, error) {
	text, err := server.Info(ctx, "replication").Result()
	if err != nil && !isReply(err) {
		return replication{}, err
	}
	info := parseInfo(text)
	r := replication{replica: info["role"] == "slave", history: info["master_replid"]}
	r.connected, _ = strconv.Atoi(info["connected_slaves"]) // 0 if unknown
	r.expected = max(r.connected, minExpected(info))
	if _, required := info["min_slaves_good_slaves"]; required {
		config, err := server.ConfigGet(ctx, "min-replicas-to-write").Result()
		if err != nil && !isReply(err) {
			return r, err
		}
		n, _ := strconv.Atoi(config["min-replicas-to-write"]) // 0 if CONFIG is forbidden
		r.expected = max(r.expected, n)
	}
	return r, nil
}

// minExpected returns 1 for a server that had a replica, even if none is connected now: it keeps its backlog of
// writes for an hour (repl-backlog-ttl) after the last one left. A server that never had a replica has none.
func minExpected(info map[string]string) int {
	if _, required := info["min_slaves_good_slaves"]; required || info["repl_backlog_active"] == "1" {
		return 1
	}
	return 0
}
