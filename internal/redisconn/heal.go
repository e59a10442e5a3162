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
	// replayTimeout bounds one repetition of an ack. asynq repeats them one after another,
	// so a longer one would keep the rest waiting.
	replayTimeout = 5 * time.Second
	// outageMemory is how long a queue whose ack could not be sent is taken to be out of
	// reach. Without it a worker with a hundred acks outstanding would sit out a hundred
	// timeouts in a row, while the leases run out.
	outageMemory = time.Second
	// sentMemory is how long an ack with an unknown outcome is remembered: longer than any
	// lease (30 s), past which asynq repeats it no more.
	sentMemory = 5 * time.Minute
)

// HealAcks makes asynq's repetition of failed acks work on the client; clients from [Open]
// and [New] have it already. It belongs on the client that asynq's Server is given, before
// hooks that should see what is really sent.
//
// A repetition shows itself by its context: it is cancelled, as asynq leaves it, and not
// past its deadline, which is the lease's. It is sent under a context of its own, unless
// there is nothing left to do:
//
//   - the task has no lease any more: the first ack was carried out and only its reply was
//     lost, or the recoverer has taken the task over. asynq would be told NOT FOUND and ask
//     again until the lease's deadline; here the repetition just succeeds.
//   - the task has been rewritten by a retry of which only the reply was lost. By now it may
//     be in the hands of another worker, lease and all, and must be left there.
//
// An ack is never sent a second time by go-redis itself, which looks at neither.
func HealAcks(client redis.UniversalClient) {
	client.AddHook(&healer{now: time.Now, sent: map[string]unsettled{}, outages: map[string]outage{}})
}

// healer is the hook. Its maps are keyed by task (sent) and by lease key (outages).
type healer struct {
	now func() time.Time

	mu      sync.Mutex
	sent    map[string]unsettled
	outages map[string]outage
}

// unsettled holds the messages of retries that were sent and may have been carried out.
type unsettled struct {
	messages []string
	since    time.Time
}

type outage struct {
	err  error
	seen time.Time
}

// DialHook leaves dialling as it is.
func (h *healer) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are: asynq's server sends no ack in one.
func (h *healer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook sends an ack once, and its repetition as [HealAcks] says.
func (h *healer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ack, ok := parseAck(cmd)
		switch {
		case !ok:
			return next(ctx, cmd)
		case errors.Is(ctx.Err(), context.Canceled):
			return h.replay(ctx, next, cmd, ack)
		}
		return h.send(ctx, next, cmd, ack)
	}
}

func (h *healer) replay(ctx context.Context, next redis.ProcessHook, cmd redis.Cmder, ack ack) error {
	if err := h.outage(ack); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), replayTimeout)
	defer cancel()
	settled, err := h.settled(ctx, next, ack)
	if err == nil && !settled {
		err = h.send(ctx, next, cmd, ack)
	}
	if err == nil {
		h.forget(ack)
	} else if !isReply(err) {
		h.noteOutage(ack, err)
	}
	return err
}

// settled reports whether the ack has nothing left to do.
func (h *healer) settled(ctx context.Context, next redis.ProcessHook, ack ack) (bool, error) {
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
	return slices.Contains(h.sent[ack.task].messages, current.Val()), nil
}

// send sends the ack once and remembers it if nobody can say whether it was carried out.
func (h *healer) send(ctx context.Context, next redis.ProcessHook, cmd redis.Cmder, ack ack) error {
	err := next(ctx, sentOnce{cmd})
	if err != nil && !isReply(err) && ack.message != "" {
		h.remember(ack)
	}
	return err
}

func (h *healer) remember(ack ack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for task, unsettled := range h.sent {
		if now.Sub(unsettled.since) > sentMemory {
			delete(h.sent, task)
		}
	}
	h.sent[ack.task] = unsettled{messages: append(h.sent[ack.task].messages, ack.message), since: now}
}

func (h *healer) forget(ack ack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sent, ack.task)
	delete(h.outages, ack.lease)
}

func (h *healer) outage(ack ack) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last, ok := h.outages[ack.lease]; ok && h.now().Sub(last.seen) < outageMemory {
		return last.err
	}
	return nil
}

func (h *healer) noteOutage(ack ack, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outages[ack.lease] = outage{err: err, seen: h.now()}
}

// isReply reports whether the server itself sent the error, so that its outcome is known.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}
