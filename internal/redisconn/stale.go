package redisconn

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// AskReplication queues the question whether a client's server is [Stale] in a pipeline of that client. It asks no cluster, whose
// masters answer reads.
func AskReplication(ctx context.Context, client redis.Cmdable, pipe redis.Pipeliner) *redis.StringCmd {
	if optionsOf(client).Mode == Cluster {
		return redis.NewStringCmd(ctx)
	}
	return pipe.Info(ctx, "replication")
}

// Stale says that a server answers reads with old data, and since when: it is a replica without a link to its master. The answer is
// that of [AskReplication]. Stale is "" for a master, for a replica that follows its master, and without an answer, such as to a user
// who may not run INFO.
func Stale(answer *redis.StringCmd) string { return stale(parseInfo(answer.Val())) }

func stale(info map[string]string) string {
	if info["role"] != "slave" || info["master_link_status"] != "down" {
		return ""
	}
	text := "it is a replica that has had no link to its master " + info["master_host"] + ":" + info["master_port"]
	if seconds, err := strconv.Atoi(info["master_link_down_since_seconds"]); err == nil && seconds >= 0 {
		text += fmt.Sprintf(" for %s", time.Duration(seconds)*time.Second)
	} else {
		text += " yet"
	}
	if info["master_sync_in_progress"] == "1" {
		text += ", and is copying its data"
	}
	return text
}
