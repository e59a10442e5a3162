package redisconn

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/fairqueue"
)

// QueueClient is a client for the asynq servers of one lane's queues in this process.
//
//   - Tasks that the servers take, and acks of those that have ended, share round trips with other commands of a coalesced
//     client. Acks are repaired as by [RepairAcks], whose hook sees no command of a shared round trip.
//   - After an error, a server waits for a pause; asynq asks again at once, and so keeps a Redis busy that is full.
//   - Once a queue was empty, no server asks it again for a pause. So several servers ask an empty queue little more
//     often than one does; and if there are tasks, each of them takes one per round trip.
//   - While Crowded reports true, the servers take no task.
//   - Tasks that become due for a retry do not run behind all others; see [fairqueue.Interleave].
//   - StopTaking ends the taking of tasks between two tasks, which asynq cannot.
type QueueClient struct {
	redis.UniversalClient
	// acked sends an ack.
	acked redis.ProcessHook
	// pause is how long an empty queue is not asked, from when it answered last that it is empty.
	pause time.Duration
	// Crowded and Repaired may be set before the first use. Repaired is called after each repaired ack.
	Crowded  func() bool
	Repaired func()

	mu sync.Mutex
	// empty is when a queue answered last that it is empty, by the key of its pending tasks.
	empty map[string]time.Time
	// asking is how many servers are asking Redis now, and taken how many tasks they have taken. If stopped, they ask no more.
	asking  int
	taken   int64
	stopped bool
}

// NewQueueClient returns a client whose servers do not ask an empty queue again for a pause. Rdb is a client, or what
// [Coalesce] made of it.
func NewQueueClient(rdb redis.UniversalClient, pause time.Duration) *QueueClient {
	q := &QueueClient{UniversalClient: rdb, pause: pause, empty: map[string]time.Time{}}
	repairer := newAckRepairer()
	repairer.repaired = func() {
		if q.Repaired != nil {
			q.Repaired()
		}
	}
	q.acked = repairer.ProcessHook(q.send)
	return q
}

// Taken returns how many tasks the servers have taken so far.
func (q *QueueClient) Taken() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken
}

// StopTaking lets the servers see an empty queue from now on, and returns true, unless they have taken another task since
// Taken returned this number, or are asking for one.
func (q *QueueClient) StopTaking(taken int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = q.stopped || q.taken == taken && q.asking == 0
	return q.stopped
}

// EvalSha sends a script of asynq.
func (q *QueueClient) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return q.run(ctx, scriptCmd(ctx, "evalsha", sha1, keys, args))
}

// Eval sends a script that Redis did not know.
func (q *QueueClient) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return q.run(ctx, scriptCmd(ctx, "eval", script, keys, args))
}

func (q *QueueClient) run(ctx context.Context, cmd *redis.Cmd) *redis.Cmd {
	if isDequeue(cmd) {
		return answered(ctx, cmd, q.dequeue(ctx, cmd))
	}
	if pending, ok := forwardedTo(cmd); ok {
		return q.forward(ctx, cmd, pending)
	}
	send := q.acked
	if _, ok := parseAck(cmd); !ok {
		send = q.Process
	}
	return answered(ctx, cmd, send(ctx, cmd))
}

func (q *QueueClient) dequeue(ctx context.Context, cmd *redis.Cmd) error {
	keys, _ := scriptArgs(cmd)
	if !q.begin(keys[0]) {
		return redis.Nil
	}
	err := q.send(ctx, sentOnce{cmd})
	q.end(keys[0], err)
	if err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT") { // which go-redis follows by EVAL; after others, asynq asks again at once
		select {
		case <-time.After(q.pause):
		case <-ctx.Done():
		}
	}
	return err
}

// forward makes delayed tasks pending that are due. If their order cannot be changed, they run later.
func (q *QueueClient) forward(ctx context.Context, cmd *redis.Cmd, pending string) *redis.Cmd {
	cmd = answered(ctx, cmd, q.Process(ctx, cmd))
	if n, err := cmd.Int(); err == nil {
		_ = fairqueue.Interleave(ctx, q.UniversalClient, pending, n, n)
	}
	return cmd
}

// begin reports whether a server may ask a queue for a task.
func (q *QueueClient) begin(pending string) bool {
	if q.Crowded != nil && q.Crowded() {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped || time.Since(q.empty[pending]) < q.pause {
		return false
	}
	q.asking++
	return true
}

// end records Redis's answer.
func (q *QueueClient) end(pending string, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asking--
	switch {
	case err == nil:
		q.taken++
	case errors.Is(err, redis.Nil):
		q.empty[pending] = time.Now()
	}
}

// send sends the command with others if the client is coalesced.
func (q *QueueClient) send(ctx context.Context, cmd redis.Cmder) error {
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

// forwardedTo recognizes the script with which asynq makes delayed tasks pending, by its keys, and returns that of the
// pending tasks.
func forwardedTo(cmd redis.Cmder) (pending string, ok bool) {
	keys, _ := scriptArgs(cmd)
	if len(keys) != 2 || !strings.HasSuffix(keys[0], "}:scheduled") && !strings.HasSuffix(keys[0], "}:retry") {
		return "", false
	}
	return keys[1], strings.HasSuffix(keys[1], "}:pending")
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
