package redisconn

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// replayTimeout limits one repetition of an ack. asynq repeats them one after another, so a
	// longer one would delay the rest.
	replayTimeout = 5 * time.Second
	// outageMemory is how long a queue is taken to be unreachable after an ack could not be sent.
	// Without it, a worker with a hundred pending acks would wait for a hundred timeouts in a row,
	// while the leases expire.
	outageMemory = time.Second
	// sentMemory is how long an ack with an unknown outcome is remembered: longer than any lease
	// (30 s), after which asynq does not repeat it.
	sentMemory = 5 * time.Minute
)

// RepairAcks makes asynq's repetition of failed acks work on the client; clients from [Open]
// and [New] have it already. Use it on the client of asynq's Server, before hooks that should see
// the commands that are really sent.
//
// A repetition is recognized by its context, which asynq has canceled and whose deadline, the
// lease's, has not passed. It is sent under a new context, unless there is nothing left to do:
//
//   - The task has no lease any more: the first ack was executed and only its reply was lost, or
//     the recoverer has taken the task. Redis would answer NOT FOUND and asynq repeat the ack
//     until the lease's deadline; here the repetition succeeds.
//   - A retry whose reply was lost has rewritten the task. Another run may have it now, of this or
//     another worker, with a new lease, and must keep it.
//
// go-redis itself never repeats an ack, because it would check neither.
func RepairAcks(client redis.UniversalClient) {
	client.AddHook(newAckRepairer())
}

func newAckRepairer() *ackRepairer {
	return &ackRepairer{now: time.Now, sent: map[run]unsettled{}, outages: map[string]outage{}}
}

// run is one run of a task: the next has a later lease.
type run struct {
	task  string
	lease time.Time
}

// runOf is the run that an ack ends: asynq gives it, and its repetitions, a context that ends with the lease.
func runOf(ctx context.Context, ack ack) run {
	lease, _ := ctx.Deadline()
	return run{ack.task, lease}
}

// ackRepairer is the hook. The keys of outages are lease keys.
type ackRepairer struct {
	now func() time.Time
	// repaired, if not nil, is called after each repetition that succeeded.
	repaired func()

	mu      sync.Mutex
	sent    map[run]unsettled
	outages map[string]outage
}

// unsettled has the messages of retries that were sent and may have been executed.
type unsettled struct {
	messages []string
	since    time.Time
}

type outage struct {
	err  error
	seen time.Time
}

// DialHook changes nothing.
func (h *ackRepairer) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook changes nothing: the acks in a pipeline are those of a [QueueClient].
func (h *ackRepairer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook sends an ack once, and its repetition as described at [RepairAcks].
func (h *ackRepairer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ack, ok := parseAck(cmd)
		switch {
		case !ok:
			return next(ctx, cmd)
		case errors.Is(ctx.Err(), context.Canceled):
			return h.replay(ctx, next, cmd, ack)
		}
		return h.send(ctx, next, cmd, ack, runOf(ctx, ack))
	}
}

func (h *ackRepairer) replay(ctx context.Context, next redis.ProcessHook, cmd redis.Cmder, ack ack) error {
	if err := h.outage(ack); err != nil {
		return err
	}
	run := runOf(ctx, ack)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), replayTimeout)
	defer cancel()
	settled, err := h.settled(ctx, next, ack, run)
	if err == nil && !settled {
		err = h.send(ctx, next, cmd, ack, run)
	}
	if err == nil {
		h.forget(ack, run)
		if h.repaired != nil {
			h.repaired()
		}
	} else if !isReply(err) {
		h.noteOutage(ack, err)
	}
	return err
}

// settled reports whether the ack has nothing left to do.
func (h *ackRepairer) settled(ctx context.Context, next redis.ProcessHook, ack ack, run run) (bool, error) {
	lease := redis.NewFloatCmd(ctx, "zscore", ack.lease, ack.id)
	if err := next(ctx, lease); errors.Is(err, redis.Nil) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	if ack.message == "" {
		return false, nil
	}
	current := redis.NewStringCmd(ctx, "hget", ack.task, "msg")
	if err := next(ctx, current); err != nil && !errors.Is(err, redis.Nil) {
		return false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.sent[run].messages, current.Val()), nil
}

// send sends the ack once and remembers it if its outcome is unknown.
func (h *ackRepairer) send(ctx context.Context, next redis.ProcessHook, cmd redis.Cmder, ack ack, run run) error {
	err := next(ctx, sentOnce{cmd})
	if err != nil && !isReply(err) && ack.message != "" {
		h.remember(ack, run)
	}
	return err
}

func (h *ackRepairer) remember(ack ack, run run) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for old, unsettled := range h.sent {
		if now.Sub(unsettled.since) > sentMemory {
			delete(h.sent, old)
		}
	}
	h.sent[run] = unsettled{messages: append(h.sent[run].messages, ack.message), since: now}
}

func (h *ackRepairer) forget(ack ack, run run) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sent, run)
	delete(h.outages, ack.lease)
}

func (h *ackRepairer) outage(ack ack) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last, ok := h.outages[ack.lease]; ok && h.now().Sub(last.seen) < outageMemory {
		return last.err
	}
	return nil
}

func (h *ackRepairer) noteOutage(ack ack, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outages[ack.lease] = outage{err: err, seen: h.now()}
}

// isReply reports whether the server itself sent the error, so that its outcome is known.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}
