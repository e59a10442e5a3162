package redisconn

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

const queueKeys = "asynq:{q}:"

func doneCmd() redis.Cmder {
	return script([]string{queueKeys + "active", queueKeys + "lease", queueKeys + "t:id", queueKeys + "processed"}, "id", 1)
}

func retryCmd(message string) redis.Cmder {
	return script([]string{queueKeys + "t:id", queueKeys + "active", queueKeys + "lease", queueKeys + "retry"}, "id", []byte(message), 1)
}

// backend is the connection under the hook: it answers from fields and records commands.
type backend struct {
	lease   float64 // 0: none
	message string  // of the task's hash
	ack     error   // what an ack is answered
	down    error   // what everything is answered

	sent []string
}

func (b *backend) process(ctx context.Context, cmd redis.Cmder) error {
	if err := ctx.Err(); err != nil {
		return err // as go-redis does before it sends
	}
	b.sent = append(b.sent, cmd.Name())
	if b.down != nil {
		return b.down
	}
	switch cmd := cmd.(type) {
	case *redis.FloatCmd:
		if b.lease == 0 {
			return redis.Nil
		}
		cmd.SetVal(b.lease)
	case *redis.StringCmd:
		cmd.SetVal(b.message)
	case sentOnce:
		return b.ack
	}
	return nil
}

// clock is set by hand.
type clock struct{ now time.Time }

func newTestRepairer() (*ackRepairer, *clock) {
	c := &clock{now: time.Unix(1_700_000_000, 0)}
	h := newAckRepairer()
	h.now = func() time.Time { return c.now }
	return h, c
}

// Contexts as asynq leaves them.
func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	return ctx
}

// leased returns the context of an ack, which asynq cancels before it repeats the ack under it.
func leased(t *testing.T, left time.Duration) (ctx context.Context, cancel func()) {
	t.Helper()
	return context.WithTimeout(t.Context(), left)
}

func expired(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	t.Cleanup(cancel)
	return ctx
}

func TestAckRepair(t *testing.T) {
	t.Parallel()
	live := func(t *testing.T) context.Context { t.Helper(); return t.Context() }
	for name, tt := range map[string]struct {
		ctx     func(*testing.T) context.Context
		cmd     redis.Cmder
		backend backend
		want    error
		sent    []string
	}{
		"first ack":                   {live, doneCmd(), backend{}, nil, []string{"evalsha"}},
		"repetition, task still ours": {canceled, doneCmd(), backend{lease: 1}, nil, []string{"zscore", "evalsha"}},
		"repetition, nothing left":    {canceled, doneCmd(), backend{}, nil, []string{"zscore"}},
		"repetition, Redis away":      {canceled, doneCmd(), backend{down: io.EOF}, io.EOF, []string{"zscore"}},
		"repetition, reply lost":      {canceled, doneCmd(), backend{lease: 1, ack: io.EOF}, io.EOF, []string{"zscore", "evalsha"}},
		"repetition of a retry":       {canceled, retryCmd("m2"), backend{lease: 1, message: "m1"}, nil, []string{"zscore", "hget", "evalsha"}},
		"past the lease's deadline":   {expired, doneCmd(), backend{lease: 1}, context.DeadlineExceeded, nil},
		"another command, canceled":   {canceled, redis.NewStringCmd(t.Context(), "get", "k"), backend{}, context.Canceled, nil},
		"another script, canceled":    {canceled, script([]string{"havip:{b}:item"}, "id"), backend{}, context.Canceled, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := newTestRepairer()
			err := h.ProcessHook(tt.backend.process)(tt.ctx(t), tt.cmd)
			if !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(tt.sent, tt.backend.sent); diff != "" {
				t.Errorf("sent (-want +got)\n%s", diff)
			}
		})
	}
}

// A retry whose reply was lost was executed, and another worker has taken the task
// since. The repetition must not take it from that worker.
func TestAckRepair_retryAlreadyCarriedOut(t *testing.T) {
	t.Parallel()
	h, _ := newTestRepairer()
	b := &backend{lease: 1, message: "m1", ack: io.EOF}
	hook := h.ProcessHook(b.process)
	ctx, cancel := leased(t, time.Hour)
	if err := hook(ctx, retryCmd("m1")); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	cancel()
	b.sent, b.ack = nil, nil
	if err := hook(ctx, retryCmd("m2")); err != nil {
		t.Errorf("the repetition: %v; want it settled", err)
	}
	if diff := cmp.Diff([]string{"zscore", "hget"}, b.sent); diff != "" {
		t.Errorf("sent (-want +got)\n%s", diff)
	}
	if len(h.sent) != 0 {
		t.Errorf("a settled ack is still remembered: %v", h.sent)
	}
}

// The same for a repetition whose reply was lost.
func TestAckRepair_repetitionAlreadyCarriedOut(t *testing.T) {
	t.Parallel()
	h, c := newTestRepairer()
	b := &backend{lease: 1, message: "m0", ack: io.EOF}
	hook := h.ProcessHook(b.process)
	ctx, cancel := leased(t, time.Hour)
	_ = hook(ctx, retryCmd("m1")) // lost on the way
	cancel()
	_ = hook(ctx, retryCmd("m2"))
	c.now = c.now.Add(outageMemory)
	b.sent, b.ack, b.message = nil, nil, "m2"
	if err := hook(ctx, retryCmd("m3")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"zscore", "hget"}, b.sent); diff != "" {
		t.Errorf("sent (-want +got)\n%s", diff)
	}
}

// The retry of one run was executed, its reply was lost, and the retry of the task's next run, in the same process, did
// not arrive. Its repetition is sent, whichever comes first: the task is active until then, and nobody runs it.
func TestAckRepair_nextRunOfTheTask(t *testing.T) {
	t.Parallel()
	h, _ := newTestRepairer()
	b := &backend{lease: 1, message: "m1", ack: io.EOF}
	hook := h.ProcessHook(b.process)
	first, endFirst := leased(t, time.Hour)
	second, endSecond := leased(t, 2*time.Hour)
	_ = hook(first, retryCmd("m1")) // executed
	_ = hook(second, retryCmd("m2"))
	endFirst()
	endSecond()
	b.sent, b.ack = nil, nil
	if err := hook(second, retryCmd("m3")); err != nil {
		t.Error(err)
	}
	if err := hook(first, retryCmd("m4")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"zscore", "hget", "evalsha", "zscore", "hget"}, b.sent); diff != "" {
		t.Errorf("sent (-want +got)\n%s", diff)
	}
}

// An ack that the server refused was not executed, so it is not remembered.
func TestAckRepair_refusedIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	h, _ := newTestRepairer()
	b := &backend{ack: redis.ErrNoScript}
	_ = h.ProcessHook(b.process)(t.Context(), retryCmd("m1"))
	if len(h.sent) != 0 {
		t.Errorf("remembered: %v", h.sent)
	}
}

// While a queue cannot be reached, its acks fail at once, so that not each of them
// waits for a timeout; other queues (in a cluster, other servers) are tried.
func TestAckRepair_outage(t *testing.T) {
	t.Parallel()
	h, c := newTestRepairer()
	b := &backend{lease: 1, down: io.EOF}
	hook := h.ProcessHook(b.process)
	other := script([]string{"asynq:{r}:active", "asynq:{r}:lease", "asynq:{r}:t:id"}, "id")
	for _, cmd := range []redis.Cmder{doneCmd(), doneCmd(), other} {
		if err := hook(canceled(t), cmd); !errors.Is(err, io.EOF) {
			t.Errorf("err = %v", err)
		}
	}
	if diff := cmp.Diff([]string{"zscore", "zscore"}, b.sent); diff != "" {
		t.Errorf("sent while down (-want +got)\n%s", diff)
	}
	b.sent, b.down = nil, nil
	c.now = c.now.Add(outageMemory)
	if err := hook(canceled(t), doneCmd()); err != nil {
		t.Errorf("after the outage: %v", err)
	}
	if diff := cmp.Diff([]string{"zscore", "evalsha"}, b.sent); diff != "" {
		t.Errorf("sent afterwards (-want +got)\n%s", diff)
	}
}

func TestAckRepair_forgetsTheOld(t *testing.T) {
	t.Parallel()
	h, c := newTestRepairer()
	b := &backend{ack: io.EOF}
	hook := h.ProcessHook(b.process)
	_ = hook(t.Context(), retryCmd("m"))
	c.now = c.now.Add(sentMemory + time.Second)
	_ = hook(t.Context(), script([]string{queueKeys + "t:id2", queueKeys + "active", queueKeys + "lease", queueKeys + "retry"}, "id2", "m"))
	if _, kept := h.sent[run{task: queueKeys + "t:id"}]; kept || len(h.sent) != 1 {
		t.Errorf("remembered: %v", h.sent)
	}
}
