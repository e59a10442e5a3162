package tasks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/lifecycle"
)

// The time limits of one run of a [Handler].
const (
	// DefaultRequestTimeout bounds one API call; see [HandlerConfig].
	DefaultRequestTimeout = 15 * time.Second
	// DefaultConfirmWithin is long because BCE has been seen to process a create for minutes.
	DefaultConfirmWithin = 10 * time.Minute
	// tearDown is how long after its deadline a request has certainly ended; recording is how long recording its
	// outcome may take after that.
	tearDown  = time.Second
	recording = 14 * time.Second
	// gateTimeout bounds the wait for the lane's permission; then the task is requeued.
	gateTimeout = time.Minute
	// maxImmediateRetries bounds the immediate retries of one run, after a clock correction or a lookup.
	maxImmediateRetries = 3
	// ledgerRetry is the minimum delay after a failure of the ledger.
	ledgerRetry = 2 * time.Second
	// recordTimeout bounds the attempts to record an outcome while Redis is unavailable; with an OutcomeBuffer, bufferAfter
	// does.
	recordTimeout = time.Minute
	bufferAfter   = 3 * time.Second
)

// HandlerConfig configures a [Handler]. Lane, API and Ledger are required.
type HandlerConfig struct {
	Lane   Lane
	API    API
	Ledger HandlerLedger
	// Gate admits creates, ListRate listings, ReadRate reads of one HaVIP; nil admits all.
	Gate               Gate
	ListRate, ReadRate Rate
	// Membership names this process in the ledger; with nil, the worker is not a member and its name is Worker.
	Membership Membership
	Worker     string
	// OutcomeBuffer stores outcomes while Redis is unavailable. With nil, they are lost and their requests are repeated
	// with the same clientTokens.
	OutcomeBuffer OutcomeBuffer
	Logger        zerolog.Logger
	// Observe, if not nil, is called with each attempt, before its outcome is recorded. It must return at once.
	Observe func(Attempted)
	// TokenMaxAge and Horizon default to the constants [TokenMaxAge] and [RetryHorizon].
	TokenMaxAge, Horizon time.Duration
	// ConfirmWithin is how long after a request BCE may take to show what it created; 0 means [DefaultConfirmWithin].
	// Before that, a missing HaVIP proves nothing.
	ConfirmWithin time.Duration
	// MaxDelay bounds the time from one request of an item to the next; 0 means [RetryDelayCap].
	MaxDelay time.Duration
	// RequestTimeout bounds one API call, measured from before the attempt begins, so that a dead worker's request has
	// ended by then. A worker's shutdown grace must be longer, so that no call is cut off. 0 means
	// [DefaultRequestTimeout].
	RequestTimeout time.Duration
}

// requestBound returns how long after the start of an attempt its request has certainly ended.
func (c HandlerConfig) requestBound() time.Duration { return c.RequestTimeout + tearDown }

// lookupGrace is [LookupGrace], adjusted to a longer RequestTimeout.
func (c HandlerConfig) lookupGrace() time.Duration {
	return LookupGrace + max(0, c.RequestTimeout-DefaultRequestTimeout)
}

// attemptLease is how long the ledger keeps other attempts from the item: while the request may be in flight and its outcome
// is being recorded.
func (c HandlerConfig) attemptLease() time.Duration { return c.requestBound() + recording }

// Handler runs the create tasks of one lane. It is an asynq.Handler, safe for concurrent use; configure its server with
// [IsFailure] and [RetryDelayFunc].
type Handler struct {
	HandlerConfig
	finder    *Finder
	draining  chan struct{}
	drainOnce sync.Once
	refusals  refusals
	// others are the attempts in flight that this handler has found, of any worker.
	others watchlist
	// loggedOffset is the last logged clock offset, in nanoseconds.
	loggedOffset atomic.Int64
}

// NewHandler returns a handler with defaults for the fields that are not configured.
func NewHandler(c HandlerConfig) *Handler {
	if c.TokenMaxAge == 0 {
		c.TokenMaxAge = TokenMaxAge
	}
	if c.ConfirmWithin == 0 {
		c.ConfirmWithin = DefaultConfirmWithin
	}
	if c.MaxDelay == 0 {
		c.MaxDelay = RetryDelayCap
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = DefaultRequestTimeout
	}
	if c.Horizon == 0 {
		// An item of unknown outcome is looked up for its token's age first.
		c.Horizon = max(RetryHorizon, c.TokenMaxAge)
	}
	h := &Handler{HandlerConfig: c, finder: NewFinder(c.API, c.ListRate), draining: make(chan struct{})}
	h.finder.verify, h.finder.uptime, h.finder.dateOf = h.verifyListing, c.Ledger.Uptime, h.dateOf
	return h
}

// job is one run of the handler for one item.
type job struct {
	payload Payload
	// fingerprint is that of the request that this run is for; "" until a reference's item was read.
	fingerprint string
	item        ledger.Item
	// known is the item as the ledger last returned it.
	known ledger.Known
	log   zerolog.Logger
	// lookedUp is true if the listing that began at listedAt did not show the idle item's HaVIP.
	lookedUp bool
	listedAt lifecycle.Uptime
	// began is when the attempt began, and clockOffset how far BCE's clock was known to be ahead of ours then.
	began       time.Time
	clockOffset time.Duration
	// ticket is unique to the attempt.
	ticket string
	// pass is the lane's permission to send; before admission, it is a freePass.
	pass Pass
}

// ProcessTask runs one task. Its result tells asynq what to do: nil acknowledges the task, a [*Postpone] retries it later,
// and an error around [asynq.SkipRetry] archives it.
func (h *Handler) ProcessTask(ctx context.Context, task *asynq.Task) error {
	payload, err := h.read(task)
	if err != nil {
		h.Logger.Error().Err(err).Str("task", taskIDOf(ctx)).Msg("task archived")
		return archive(err)
	}
	j := &job{payload: payload, pass: freePass{}}
	if !payload.Reference() {
		j.fingerprint = fingerprint(payload.Item())
	}
	j.log = h.Logger.With().Ctx(ctx).Str("batch", payload.Batch).Str("key", payload.Key).Logger()
	defer h.claimItem(ctx, j)()
	decision := h.recordPending(ctx, j)
	if decision == nil {
		decision = h.registerEarly(ctx, j)
	}
	if decision == nil {
		decision = h.decide(ctx, j)
	}
	if errors.Is(decision, asynq.SkipRetry) {
		j.log.Error().Err(decision).Msg("task archived")
	}
	return decision
}

// recordPending first records the pending outcomes of the item. Otherwise the item would repeat a request whose answer is
// known.
func (h *Handler) recordPending(ctx context.Context, j *job) error {
	if h.OutcomeBuffer == nil {
		return nil
	}
	if err := h.OutcomeBuffer.RecordItem(ctx, j.payload.Batch, j.payload.Key); err != nil {
		return h.later(j, err)
	}
	return nil
}

// decide repeats the step at once while that makes progress.
func (h *Handler) decide(ctx context.Context, j *job) error {
	decision := h.once(ctx, j)
	for range maxImmediateRetries {
		if !errors.Is(decision, errAgain) || h.isDraining() {
			break
		}
		decision = h.once(ctx, j)
	}
	return decision
}

// claimItem records that this worker runs the item's task.
func (h *Handler) claimItem(ctx context.Context, j *job) (unclaim func()) {
	if h.Membership == nil {
		return func() {}
	}
	return h.Membership.ClaimItem(ctx, j.payload.Batch, j.payload.Key)
}

// once runs one step of the item. The work that needs no permission to send comes first: otherwise it would use up the one
// probe of a suspended lane.
func (h *Handler) once(ctx context.Context, j *job) error {
	start, err := h.begin(ctx, j, true)
	if err != nil {
		return err
	}
	if start.Result != lifecycle.StartSend && start.Result != lifecycle.StartDelete {
		return h.follow(ctx, j, start)
	}
	if err := h.admit(ctx, j, start); err != nil {
		return err
	}
	defer j.pass.Done(context.WithoutCancel(ctx), Outcome{})
	defer h.logClock()
	if start, err = h.begin(ctx, j, false); err != nil {
		return err
	}
	return h.follow(ctx, j, start)
}

func (j *job) owner() ledger.Owner { return ledger.Owner{Batch: j.payload.Batch, Key: j.payload.Key} }

// follow acts on the result of Begin.
func (h *Handler) follow(ctx context.Context, j *job, start ledger.Start) error {
	j.item = start.Item
	if start.Result != lifecycle.StartBusy && start.Result != lifecycle.StartDelete {
		h.others.forget(j.owner())
	}
	switch start.Result {
	case lifecycle.StartSend:
		return h.attempt(ctx, j)
	case lifecycle.StartFinished:
		return nil
	case lifecycle.StartDelete:
		return h.rollBack(ctx, j)
	case lifecycle.StartPaused:
		return h.endPaused(j)
	case lifecycle.StartBusy:
		return h.awaitOther(ctx, j, start)
	case lifecycle.StartLookup:
		return h.lookup(ctx, j, start)
	case lifecycle.StartIdle:
		return h.lookupIdle(ctx, j, start.Item.Record)
	case lifecycle.StartStale:
		return h.renewStale(ctx, j, start.Item.Record)
	case lifecycle.StartTokenUsed:
		return h.renew(ctx, j, start.Item.Record, "it may have been used before the batch was deleted from the ledger")
	case lifecycle.StartExhausted:
		return h.settle(ctx, j, ledger.Rejected, "RetriesExhausted",
			fmt.Sprintf("no request reached BCE within %s of the first failure; nothing was created", h.Horizon))
	case lifecycle.StartAbsent:
		return h.endAbsent(j)
	case lifecycle.StartForeign:
		return archive(&PayloadError{Reason: "the item is registered under another clientToken"})
	case lifecycle.StartConflict:
		return archive(&PayloadError{Reason: "another request is registered under this batch and key"})
	default:
		return fmt.Errorf("begin item %q of batch %q: unexpected result %q", j.payload.Key, j.payload.Batch, start.Result)
	}
}

// endPaused ends the task of an item whose batch is paused: retrying a hundred thousand such tasks would be costly, and
// a resume enqueues new ones. A concurrent resume finds this task active and enqueues another.
func (h *Handler) endPaused(j *job) error {
	j.log.Debug().Msg("task ended: the batch is paused")
	return nil
}

// endAbsent ends a reference whose item is not in the ledger. It is not archived: asynq would refuse the item's task, which has
// the same ID, when the file is applied again.
func (h *Handler) endAbsent(j *job) error {
	j.log.Warn().Msg("task ended: its item is not in the ledger; its batch was deleted, or Redis lost it; to create the item, apply its file again")
	return nil
}

// awaitOther waits for the attempt in flight if it ends soon: requeued at the end of a long queue, the item would wait
// much longer.
func (h *Handler) awaitOther(ctx context.Context, j *job, start ledger.Start) error {
	h.others.meet(j.owner(), start.Item.Record.Ticket)
	wait := start.Wait
	if wait >= h.RequestTimeout {
		return &Postpone{After: wait + time.Second, Reason: "another attempt of the item is in flight"}
	}
	ctx, stop := h.untilDrain(ctx)
	defer stop()
	if err := pause(ctx, wait+50*time.Millisecond); err != nil {
		return &Postpone{After: wait, Reason: "another attempt of the item is in flight"}
	}
	return errAgain
}

// delay is [RetryDelay] with the handler's maximum.
func (h *Handler) delay(n int, retryAfter time.Duration) time.Duration {
	return RetryDelay(n, retryAfter, h.MaxDelay)
}

func (h *Handler) settle(ctx context.Context, j *job, state ledger.State, code, message string, candidates ...lifecycle.Candidate) error {
	result, _, err := h.Ledger.Settle(ctx, j.payload.Batch, j.payload.Key, state, code, message, candidates...)
	if err != nil {
		return h.later(j, err)
	}
	switch result {
	case lifecycle.SettledApplied:
	case lifecycle.SettledBusy:
		return &Postpone{After: h.attemptLease(), Reason: "another attempt of the item is in flight"}
	case lifecycle.SettledLate:
		return &Postpone{After: time.Second, Reason: "another attempt was sent meanwhile; its outcome is unknown"}
	default:
		return nil // finished meanwhile
	}
	j.log.Warn().Str("state", string(state)).Str("code", code).Msg(message)
	return nil
}

// later logs a failure of the ledger and returns the decision to retry after a delay. asynq does not log decisions.
func (h *Handler) later(j *job, err error) error {
	j.log.Warn().Err(err).Msg("the ledger failed; the task will be retried")
	return &Postpone{After: ledgerRetry + h.delay(3, 0), Reason: err.Error()}
}

func taskIDOf(ctx context.Context) string {
	id, _ := asynq.GetTaskID(ctx)
	return id
}
