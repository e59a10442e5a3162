package redisconn

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// defaultUser is the user whose permissions a server checks when it replays transactions and the effects of scripts.
const defaultUser = "default"

// replayed are commands that scripts and asynq write with, one for each permission and kind of key that a replay needs.
var replayed = [][]any{
	{"hset", "havip:acl", "f", ""},
	{"zadd", "havip:acl", 0, "m"},
	{"xadd", "havip:acl", "*", "f", ""},
	{"rpush", "havip:acl", ""},
	{"del", "havip:acl"},
	{"set", "rate:havip:acl", ""},
	{"lpush", "asynq:{acl}:pending", ""},
	{"sadd", "asynq:queues", ""},
}

// replay is what is known of the permissions for a replay.
type replay struct {
	// refused are the commands that the server would drop; unknown means that it did not say.
	refused []string
	unknown bool
}

// readReplay asks the server what the user default may run. It asks by ACL DRYRUN, which shows nothing else of any user and
// executes nothing. A client that is this user itself need not ask.
func readReplay(ctx context.Context, client redis.Cmdable) (r replay, err error) {
	if name, known := userOf(client); known && (name == "" || name == defaultUser) {
		return replay{}, nil
	}
	answers := make([]*redis.StringCmd, len(replayed))
	_, err = client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, command := range replayed {
			answers[i] = pipe.ACLDryRun(ctx, defaultUser, command...)
		}
		return nil
	})
	if err != nil && !isReply(err) {
		return replay{}, err
	}
	for i, answer := range answers {
		r.unknown = r.unknown || answer.Err() != nil
		if answer.Val() != "OK" {
			r.refused = append(r.refused, strings.ToUpper(text(replayed[i][0])))
		}
	}
	return r, nil
}

// userOf returns the user of a client's connections; "" without authentication or with a password only.
func userOf(client redis.Cmdable) (name string, known bool) {
	switch client := client.(type) {
	case *redis.Client:
		return client.Options().Username, true
	case *coalesced:
		return userOf(client.UniversalClient)
	}
	return "", false
}

// evaluateReplay reports a user default without the permissions for a replay. Redis checks them until the end of 2025
// (redis#14541) and Valkey until the middle of 2026 (valkey#3983); versions do not show who has the fix.
func evaluateReplay(s nodeState) *Finding {
	switch {
	case s.info["aof_enabled"] != "1":
		return nil // nothing is replayed
	case s.replay.unknown:
		return &Finding{
			Code: CodeReplayUnknown, Severity: SeverityNote,
			What: "Whether the user default may replay the append-only file could not be checked.",
			Why:  "Without the permissions, Redis before 2026 and Valkey before the middle of 2026 silently drop what scripts have written when they start.",
			Fix:  "Grant the user +acl|dryrun (Redis 7.0 or newer), or see the ACL section of docs/RUNBOOK.md if the user default is restricted.",
		}
	case len(s.replay.refused) > 0:
		return &Finding{
			Code: CodeReplay, Severity: SeverityWarning,
			What: "The user default may not run " + strings.Join(s.replay.refused, ", ") + ".",
			Why:  "Redis before 2026 and Valkey before the middle of 2026 replay the append-only file as this user when they start, and silently drop what scripts have written: the records of all HaVIPs since the last rewrite of the file.",
			Fix:  "Run \"redis-cli ACL SETUSER default off resetpass ~* &* +@all\" and write it into the ACL file or redis.conf: nobody can be this user while it is off.",
		}
	}
	return nil
}
