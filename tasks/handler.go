package tasks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// API is what a [Handler] needs of BCE; [*bce.Client] is one.
type API interface {
	// CreateHaVIPBody sends one create of exactly these bytes; it never retries.
	CreateHaVIPBody(ctx context.Context, clientToken string, body []byte) (*bce.CreateHaVIPOutput, error)
	GetHaVIP(ctx context.Context, haVIPID string) (*bce.GetHaVIPOutput, error)
	// DeleteHaVIP sends one delete; it never retries.
	DeleteHaVIP(ctx context.Context, haVIPID, clientToken string) (bce.ResponseMeta, error)
	Lister
	// ClockOffset is how far BCE's clock is ahead of ours, as far as it was learnt from BCE's answers.
	ClockOffset() time.Duration
}

// HandlerLedger is what a [Handler] needs of the ledger; [*ledger.Ledger] is one.
type HandlerLedger interface {
	Item(ctx context.Context, batch, key string) (ledger.Item, error)
	Lived(ctx context.Context) (lifecycle.Lived, error)
	Register(ctx context.Context, batch string, source ledger.Source, specs []ledger.Spec) ([]ledger.Registration, error)
	MarkEnqueued(ctx context.Context, batch string, keys []string) error
	ClaimTokens(ctx context.Context, claims []ledger.TokenClaim) error
	Begin(ctx context.Context, batch, key string, known ledger.Known, o ledger.BeginOptions) (ledger.Start, error)
	RecorderLedger
	Settle(ctx context.Context, batch, key string, state ledger.State, code, message string) (ledger.Verdict, ledger.Record, error)
	KeepClaims(ctx context.Context, lane string, items []ledger.Item) error
	Owners(ctx context.Context, lane string, haVIPIDs []string) (map[string]ledger.Owner, error)
	RecordAbsence(ctx context.Context, batch, key string, seen ledger.Record, o lifecycle.AbsenceTerms) (ledger.Absence, error)
	OwnsAny(ctx context.Context, lane string, haVIPIDs []string) (bool, error)
	SomeHaVIPs(ctx context.Context, lane string, n int) ([]string, error)
	OwnedHaVIPs(ctx context.Context, lane string, n int) ([]string, error)
	Adopt(ctx context.Context, batch, key string, seen ledger.Record, haVIPID, address string) (ledger.Verdict, ledger.Record, error)
	Renew(ctx context.Context, batch, key string, seen ledger.Record, next, why string) (ledger.Verdict, ledger.Record, error)
	Confirm(ctx context.Context, batch string, looks []ledger.Look) ([]ledger.Confirmed, error)
	BeginDeletion(ctx context.Context, batch, key string, o ledger.DeletionOptions) (ledger.Start, error)
	EndDeletion(ctx context.Context, batch, key string, n int, o ledger.DeletionOutcome) (ledger.Verdict, ledger.Record, error)
}

// Gate is a lane's permission to create and to delete.
type Gate interface {
	// Enter returns a pass once one create for the subnet may be sent, or an error when ctx ends
	// first or the subnet is held back. A [*Postpone] among its errors says when to come again.
	Enter(ctx context.Context, subnetID string) (Pass, error)
	// EnterDeletion is Enter for one delete, which neither a full subnet nor a used-up quota holds
	// back.
	EnterDeletion(ctx context.Context) (Pass, error)
}

// Pass is the permission to send one create or delete.
type Pass interface {
	// SuspendedFor is the code that holds back what this request tries; "" where it tries nothing.
	SuspendedFor() string
	// Done reports what became of it; its zero Outcome is that nothing was sent. Only the first
	// call counts.
	Done(ctx context.Context, o Outcome)
}

// Membership is the worker's place in its fleet.
type Membership interface {
	// Name is what an attempt that begins now is begun under, and when the last beat of that name was sent:
	// from then on others may have found it silent. An error means that nothing may be begun: the fleet may
	// have found this worker dead.
	Name(ctx context.Context) (name string, beat time.Time, err error)
	// ClaimItem records that the worker runs the item's task. If the worker dies before it calls
	// unclaim, other workers rescue the item.
	ClaimItem(ctx context.Context, batch, key string) (unclaim func())
}

// OutcomeBuffer keeps outcomes that could not be recorded, and records them when Redis is back.
type OutcomeBuffer interface {
	Add(ctx context.Context, u PendingOutcome)
	// RecordItem records now what is kept of the item. An error means that something still is.
	RecordItem(ctx context.Context, batch, key string) error
}

// The time limits of one run of a [Handler].
const (
	// DefaultRequestTimeout bounds one API call; see [HandlerConfig].
	DefaultRequestTimeout = 15 * time.Second
	// DefaultConfirmWithin is generous: a create that BCE worked on for minutes has been seen.
	DefaultConfirmWithin = 10 * time.Minute
	// tearDown is how long after its deadline a request is certainly over, and recording how long an
	// attempt may take beyond that, to record its outcome.
	tearDown  = time.Second
	recording = 14 * time.Second
	// gateTimeout bounds the wait for the lane's permission; then the task goes to the back.
	gateTimeout = time.Minute
	// maxImmediateRetries is how often one run begins once more at once: when the clock was learnt, and when an
	// item was looked for.
	maxImmediateRetries = 3
	// ledgerRetry is the least delay after a failure of the ledger.
	ledgerRetry = 2 * time.Second
	// recordTimeout bounds the tries to record an outcome while Redis is away. With a keeper it is
	// keepAfter.
	recordTimeout = time.Minute
	bufferAfter   = 3 * time.Second
)

// HandlerConfig is what a [Handler] works with. Lane, API and Ledger are required.
type HandlerConfig struct {
	Lane   Lane
	API    API
	Ledger HandlerLedger
	// Gate admits creates, ListRate listings, ReadRate reads of one HaVIP; nil admits all.
	Gate               Gate
	ListRate, ReadRate Rate
	// Membership names this process in the ledger; nil is a worker without a fleet, by the name of
	// Worker.
	Membership Membership
	Worker     string
	// OutcomeBuffer takes outcomes while Redis is away. With nil they are lost to the ledger, and their
	// requests are repeated under the same clientTokens.
	OutcomeBuffer OutcomeBuffer
	Logger        zerolog.Logger
	// TokenMaxAge and Horizon default to the constants [TokenMaxAge] and [RetryHorizon].
	TokenMaxAge, Horizon time.Duration
	// ConfirmWithin is how long after a request BCE may take to show what it created; 0 means
	// [DefaultConfirmWithin]. Before that, nothing is given up for not being listed.
	ConfirmWithin time.Duration
	// MaxDelay bounds the time from one request of an item to the next; 0 means [RetryDelayCap].
	MaxDelay time.Duration
	// RequestTimeout bounds one API call, from before the attempt is begun: what a worker that was
	// found dead may have under way is over by then. A worker's shutdown grace must be longer,
	// so that a call is never cut off. 0 means [DefaultRequestTimeout].
	RequestTimeout time.Duration
}

// requestBound is how long after an attempt was begun its request is certainly over.
func (c HandlerConfig) requestBound() time.Duration { return c.RequestTimeout + tearDown }

// lookupGrace is [LookupGrace] where requests may take longer than by default.
func (c HandlerConfig) lookupGrace() time.Duration {
	return LookupGrace + max(0, c.RequestTimeout-DefaultRequestTimeout)
}

// attemptLease is how long the ledger keeps others from the item: while the request may be under way,
// and its outcome is recorded.
func (c HandlerConfig) attemptLease() time.Duration { return c.requestBound() + recording }

// Handler carries out the create tasks of one lane. It is an asynq.Handler, safe for
// concurrent use; configure its server with [IsFailure] and [RetryDelayFunc].
type Handler struct {
	HandlerConfig
	finder    *Finder
	draining  chan struct{}
	drainOnce sync.Once
	refusals  refusals
	// others are the attempts in flight that this handler has met, of whichever worker.
	others watchlist
	// loggedOffset is the clock's offset, in nanoseconds, that the log told of last.
	loggedOffset atomic.Int64
}

// NewHandler returns a handler with the configuration's defaults filled in.
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
		// Not before an item in doubt is looked up for its token's age.
		c.Horizon = max(RetryHorizon, c.TokenMaxAge)
	}
	h := &Handler{HandlerConfig: c, finder: NewFinder(c.API, c.ListRate), draining: make(chan struct{})}
	h.finder.verify, h.finder.lived, h.finder.dateOf = h.verifyListing, c.Ledger.Lived, h.dateOf
	return h
}

// job is one run of the handler for one item.
type job struct {
	payload Payload
	item    ledger.Item
	// known is the item as the ledger answered it last.
	known ledger.Known
	log   zerolog.Logger
	// lookedUp says that the idle item was looked for in vain.
	lookedUp bool
	// began is when the attempt was begun, and clockOffset what BCE's clock was ahead of ours as far
	// as was known then.
	began       time.Time
	clockOffset time.Duration
	// ticket is unique to the attempt.
	ticket string
	// pass is the lane's permission for the request that may be sent; one that permits nothing at first.
	pass Pass
}

// ProcessTask carries out one task. Its result is a decision for asynq: nil acks, a
// [*Postpone] brings the task back later, and an error around [asynq.SkipRetry] archives it.
func (h *Handler) ProcessTask(ctx context.Context, task *asynq.Task) error {
	payload, err := h.read(task)
	if err != nil {
		h.Logger.Error().Err(err).Str("task", taskIDOf(ctx)).Msg("task archived")
		return archive(err)
	}
	j := &job{payload: payload, pass: freePass{}}
	j.log = h.Logger.With().Str("batch", payload.Batch).Str("key", payload.Key).Logger()
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

// recordPending records first what this worker knows of the item and the ledger does not: otherwise the
// item would begin a request whose answer is known.
func (h *Handler) recordPending(ctx context.Context, j *job) error {
	if h.OutcomeBuffer == nil {
		return nil
	}
	if err := h.OutcomeBuffer.RecordItem(ctx, j.payload.Batch, j.payload.Key); err != nil {
		return h.later(j, err)
	}
	return nil
}

// decide goes on at once for as long as that helps.
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

// once is one step of the item. What it needs before a request may be sent comes first, and asks for no permission:
// of a lane that is held, the one request that may try would be used up by it.
func (h *Handler) once(ctx context.Context, j *job) error {
	start, err := h.begin(ctx, j, true)
	if err != nil {
		return err
	}
	if start.Verdict != ledger.Begun && start.Verdict != ledger.ToDelete {
		return h.follow(ctx, j, start)
	}
	if err := h.admit(ctx, j, start.Verdict == ledger.ToDelete); err != nil {
		return err
	}
	defer j.pass.Done(context.WithoutCancel(ctx), Outcome{})
	defer h.logClock()
	if start, err = h.begin(ctx, j, false); err != nil {
		return err
	}
	return h.follow(ctx, j, start)
}

// read decodes the task and checks that it belongs here.
func (h *Handler) read(task *asynq.Task) (Payload, error) {
	if task.Type() != TypeCreate {
		return Payload{}, &PayloadError{Reason: fmt.Sprintf("type %q is not %q", task.Type(), TypeCreate)}
	}
	payload, err := DecodePayload(task.Payload())
	if err != nil {
		return Payload{}, err
	}
	if lane := (Lane{Account: payload.Account, Region: payload.Region}); lane != h.Lane {
		return Payload{}, &PayloadError{Reason: fmt.Sprintf("lane %s does not belong into queue %s; enqueue it into %s", lane, h.Lane.Queue(), lane.Queue())}
	}
	return payload, nil
}

func (j *job) owner() ledger.Owner { return ledger.Owner{Batch: j.payload.Batch, Key: j.payload.Key} }

// follow does what the ledger says.
func (h *Handler) follow(ctx context.Context, j *job, start ledger.Start) error {
	j.item = start.Item
	if start.Verdict != ledger.Busy && start.Verdict != ledger.ToDelete {
		h.others.forget(j.owner())
	}
	switch start.Verdict {
	case ledger.Begun:
		return h.attempt(ctx, j)
	case ledger.Finished:
		return nil
	case ledger.ToDelete:
		return h.rollBack(ctx, j)
	case ledger.Paused:
		return h.setAside(j)
	case ledger.Busy:
		return h.awaitTurn(ctx, j, start)
	case ledger.Lookup:
		return h.lookup(ctx, j, start)
	case ledger.Idle:
		return h.lookupIdle(ctx, j, start.Item.Record)
	case ledger.Stale:
		return h.renew(ctx, j, start.Item.Record, "every request under it was refused, and it is too old to be sent again")
	case ledger.TokenUsed:
		return h.renew(ctx, j, start.Item.Record, "it may have been used before the batch's record was deleted")
	case ledger.Exhausted:
		return h.settle(ctx, j, ledger.Rejected, "RetriesExhausted",
			fmt.Sprintf("no request reached BCE within %s of the first failure; nothing was created", h.Horizon))
	case ledger.Foreign:
		return archive(&PayloadError{Reason: "the item is registered under another clientToken"})
	case ledger.Conflict:
		return archive(&PayloadError{Reason: "another request is registered under this batch and key"})
	default:
		return fmt.Errorf("begin item %q of batch %q: unexpected verdict %q", j.payload.Key, j.payload.Batch, start.Verdict)
	}
}

// setAside ends the task of an item that is held with its batch: a hundred thousand tasks that come again
// and again would be a burden, and resuming the batch enqueues others. A resume at this very moment finds
// this one active, and enqueues another beside it.
func (h *Handler) setAside(j *job) error {
	j.log.Debug().Msg("set aside: the batch is held")
	return nil
}

// awaitTurn watches the attempt in flight until its turn comes. It waits here if that is soon: at the back of
// a long queue the item would wait much longer.
func (h *Handler) awaitTurn(ctx context.Context, j *job, start ledger.Start) error {
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

// begin asks the ledger, registering first what nobody has registered. NotYet says that nothing may be sent yet.
func (h *Handler) begin(ctx context.Context, j *job, notYet bool) (ledger.Start, error) {
	j.began, j.clockOffset = time.Now(), h.API.ClockOffset()
	name, request, err := h.name(ctx, j)
	if err != nil {
		return ledger.Start{}, h.later(j, err)
	}
	j.ticket = uuid.NewString()[:13]
	options := ledger.BeginOptions{
		ClientToken: j.payload.ClientToken,
		Fingerprint: fingerprint(j.payload.Item()),
		Worker:      name,
		Ticket:      j.ticket,
		Lease:       h.attemptLease(),
		Request:     request,
		Watched:     h.others.watched(j.owner()),
		TokenMaxAge: h.TokenMaxAge, RetryHorizon: h.Horizon, ClockOffset: j.clockOffset,
		LookedUp: j.lookedUp, NotYet: notYet,
	}
	for range 3 {
		start, err := h.Ledger.Begin(ctx, j.payload.Batch, j.payload.Key, j.known, options)
		if err != nil {
			return start, h.later(j, err)
		}
		j.known = start.Known
		switch {
		case start.Verdict == ledger.Foreign && ownToken(start.Item, j.payload.ClientToken):
			options.ClientToken = "" // the task is older than the item's present token
		case start.Verdict != ledger.Absent:
			return start, nil
		default:
			if err := h.register(ctx, j); err != nil {
				return start, err
			}
		}
	}
	return ledger.Start{}, &Postpone{After: h.delay(1, 0), Reason: "the item was changed while it was being begun"}
}

// name is what the attempt is begun under, and for how long its worker must be silent, by whoever finds it
// dead, until the request is certainly over: silence is counted from the last beat on, which may have been some
// time before the attempt.
func (h *Handler) name(ctx context.Context, j *job) (name string, request time.Duration, err error) {
	if h.Membership == nil {
		return h.Worker, h.requestBound(), nil
	}
	name, beat, err := h.Membership.Name(ctx)
	return name, h.requestBound() + max(0, j.began.Sub(beat)), err
}

// delay is [RetryDelay] within the handler's bound.
func (h *Handler) delay(n int, retryAfter time.Duration) time.Duration {
	return RetryDelay(n, retryAfter, h.MaxDelay)
}

func (h *Handler) settle(ctx context.Context, j *job, state ledger.State, code, message string) error {
	verdict, _, err := h.Ledger.Settle(ctx, j.payload.Batch, j.payload.Key, state, code, message)
	if err != nil {
		return h.later(j, err)
	}
	switch verdict {
	case ledger.Applied:
	case ledger.Busy:
		return &Postpone{After: h.attemptLease(), Reason: "another attempt of the item is in flight"}
	case ledger.Late:
		return &Postpone{After: time.Second, Reason: "the item was sent meanwhile, and is in doubt"}
	default:
		return nil // finished meanwhile, by somebody who knew more
	}
	j.log.Warn().Str("state", string(state)).Str("code", code).Msg(message)
	return nil
}

// later is the decision after a failure of the ledger, which is nobody's failure in particular: it
// is logged, for it shows nowhere else, and does not come back in a tight loop.
func (h *Handler) later(j *job, err error) error {
	j.log.Warn().Err(err).Msg("the ledger failed; the task comes again")
	return &Postpone{After: ledgerRetry + h.delay(3, 0), Reason: err.Error()}
}

func taskIDOf(ctx context.Context) string {
	id, _ := asynq.GetTaskID(ctx)
	return id
}
