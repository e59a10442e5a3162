package redisconn

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// QueueClient returns a client for the asynq servers of one queue in this process. Rdb is a client, or what [Coalesce] made
// of it.
//
//   - Tasks that the servers take, and acks of those that have ended, share round trips with other commands of a coalesced
//     client. Acks are repaired as by [RepairAcks], whose hook sees no command of a shared round trip.
//   - After an error, a server waits for a pause; asynq asks again at once, and so keeps a Redis busy that is full.
//   - Once the queue was empty, no server asks again for a pause. So several servers ask an empty queue little more
//     often than one does; and if there are tasks, each of them takes one per round trip.
func QueueClient(rdb redis.UniversalClient, pause time.Duration) redis.UniversalClient {
	q := &queueClient{UniversalClient: rdb, pause: pause}
	q.acked = newAckRepairer().ProcessHook(q.send)
	return q
}

type queueClient struct {
	redis.UniversalClient
	// acked sends an ack.
	acked redis.ProcessHook
	// pause is how long an empty queue is not asked, from when it answered last that it is empty.
	pause time.Duration

	mu    sync.Mutex
	empty time.Time
}

// EvalSha sends a script of asynq.
func (q *queueClient) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return q.run(ctx, scriptCmd(ctx, "evalsha", sha1, keys, args))
}

// Eval sends a script that Redis did not know.
func (q *queueClient) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return q.run(ctx, scriptCmd(ctx, "eval", script, keys, args))
}

func (q *queueClient) run(ctx context.Context, cmd *redis.Cmd) *redis.Cmd {
	if isDequeue(cmd) {
		return q.dequeue(ctx, cmd)
	}
	send := q.acked
	if _, ok := parseAck(cmd); !ok {
		send = q.Process
	}
	return answered(ctx, cmd, send(ctx, cmd))
}

func (q *queueClient) dequeue(ctx context.Context, cmd *redis.Cmd) *redis.Cmd {
	if q.pausing() {
		return answered(ctx, cmd, redis.Nil)
	}
	err := q.send(ctx, sentOnce{cmd})
	switch {
	case errors.Is(err, redis.Nil):
		q.mu.Lock()
		q.empty = time.Now()
		q.mu.Unlock()
	case err != nil && !redis.HasErrorPrefix(err, "NOSCRIPT"): // which go-redis follows by EVAL; after others, asynq asks again at once
		select {
		case <-time.After(q.pause):
		case <-ctx.Done():
		}
	}
	return answered(ctx, cmd, err)
}

func (q *queueClient) pausing() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Since(q.empty) < q.pause
}

// send sends the command with others if the client is coalesced.
func (q *queueClient) send(ctx context.Context, cmd redis.Cmder) error {
	if c, ok := q.UniversalClient.(*coalesced); ok && cmd.NoRetry() {
		return c.once.Submit(ctx, cmd).WaitContext(ctx)
	}
	return q.Process(ctx, cmd)
}

// answered returns the command, or after an error another one with that error: if the context has ended, the goroutine that
// sends the command still uses it.
func answered(ctx context.Context, cmd *redis.Cmd, err error) *redis.Cmd {
	if err == nil {
		return cmd
	}
	failed := redis.NewCmd(ctx, cmd.Args()...)
	failed.SetErr(err)
	return failed
}

// isDequeue recognizes the script with which asynq takes a task, by its keys: pending list, pause, active list, leases.
func isDequeue(cmd redis.Cmder) bool {
	keys, _ := scriptArgs(cmd)
	return len(keys) == 4 && strings.HasSuffix(keys[0], "}:pending") && strings.HasSuffix(keys[1], "}:paused") &&
		strings.HasSuffix(keys[2], "}:active") && strings.HasSuffix(keys[3], "}:lease")
}

// scriptCmd returns the command that go-redis makes of a script.
func scriptCmd(ctx context.Context, name, script string, keys []string, args []any) *redis.Cmd {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, name, script, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	return redis.NewCmd(ctx, append(all, args...)...)
}
