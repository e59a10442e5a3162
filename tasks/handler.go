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

// API is what a [Handler] uses of [*bce.Client].
type API interface {
	// CreateHaVIPBody sends one create of exactly these bytes; it never retries.
	CreateHaVIPBody(ctx context.Context, clientToken string, body []byte) (*bce.CreateHaVIPOutput, error)
	GetHaVIP(ctx context.Context, haVIPID string) (*bce.GetHaVIPOutput, error)
	// DeleteHaVIP sends one delete; it never retries.
	DeleteHaVIP(ctx context.Context, haVIPID, clientToken string) (bce.ResponseMeta, error)
	Lister
	// ClockOffset is how far BCE's clock is ahead of ours, learned from BCE's answers.
	ClockOffset() time.Duration
}

// HandlerLedger is what a [Handler] uses of [*ledger.Ledger].
type HandlerLedger interface {
	Item(ctx context.Context, batch, key string) (ledger.Item, error)
	Uptime(ctx context.Context) (lifecycle.Uptime, error)
	Register(ctx context.Context, batch string, source ledger.Source, specs []ledger.Spec) ([]ledger.Registration, error)
	MarkEnqueued(ctx context.Context, batch string, keys []string) error
	ClaimTokens(ctx context.Context, claims []ledger.TokenClaim) error
	ClaimRequests(ctx context.Context, claims []ledger.RequestClaim) ([]ledger.RequestOwner, error)
	Begin(ctx context.Context, batch, key string, known ledger.Known, o ledger.BeginOptions) (ledger.Start, error)
	RecorderLedger
	Settle(ctx context.Context, batch, key string, state ledger.State, code, message string, candidates ...lifecycle.Candidate) (lifecycle.Settled, ledger.Record, error)
	KeepClaims(ctx context.Context, lane string, items []ledger.Item) error
	Owners(ctx context.Context, haVIPIDs []string) (map[string]ledger.Owner, error)
	RecordAbsence(ctx context.Context, batch, key string, seen ledger.Record, o lifecycle.AbsenceTerms) (ledger.Absence, error)
	OwnsAny(ctx context.Context, lane string, haVIPIDs []string) (bool, error)
	SomeHaVIPs(ctx context.Context, lane string, n int) ([]string, error)
	OwnedHaVIPs(ctx context.Context, lane string, n int) ([]string, error)
	Adopt(ctx context.Context, batch, key string, seen ledger.Record, haVIPID, address string) (lifecycle.Found, ledger.Record, error)
	Renew(ctx context.Context, batch, key string, seen ledger.Record, next, why string) (lifecycle.Found, ledger.Record, error)
	RenewRefused(ctx context.Context, batch, key string, seen ledger.Record, o lifecycle.AbsenceTerms, why string) (lifecycle.Found, time.Duration, error)
	Confirm(ctx context.Context, batch string, looks []ledger.Look) ([]ledger.Confirmed, error)
	BeginDeletion(ctx context.Context, batch, key string, o ledger.DeletionOptions) (ledger.Start, error)
	EndDeletion(ctx context.Context, batch, key string, n int, o ledger.DeletionOutcome) (lifecycle.Recorded, ledger.Record, error)
}

// Gate admits creates and deletes to a lane.
type Gate interface {
	// Enter returns a pass once one create for the subnet may be sent, or an error if ctx ends first or the subnet is
	// suspended. A [*Postpone] among its errors says when to retry.
	Enter(ctx context.Context, subnetID string) (Pass, error)
	// EnterDeletion is Enter for one delete. Neither a full subnet nor a used-up quota suspends deletes.
	EnterDeletion(ctx context.Context) (Pass, error)
}

// Pass is the permission to send one create or delete.
type Pass interface {
	// SuspendedFor returns the code of the suspension that this request probes; "" if it is no probe.
	SuspendedFor() string
	// Done reports the outcome; the zero Outcome means that nothing was sent. Only the first call counts.
	Done(ctx context.Context, o Outcome)
}

// Membership is the worker's membership in the group of workers.
type Membership interface {
	// Name returns the name for an attempt that begins now, and when the last heartbeat of that name was sent; other workers
	// count its silence from then at the earliest. After an error, no attempt may begin: this worker may have been declared
	// dead.
	Name(ctx context.Context) (name string, beat time.Time, err error)
	// ClaimItem records that the worker runs the item's task. If the worker dies before it calls
	// unclaim, other workers rescue the item.
	ClaimItem(ctx context.Context, batch, key string) (unclaim func())
}

// OutcomeBuffer stores outcomes that could not be recorded, and records them when Redis is back.
type OutcomeBuffer interface {
	Add(ctx context.Context, u PendingOutcome)
	// RecordItem records the pending outcomes of the item now. After an error, some are still pending.
	RecordItem(ctx context.Context, batch, key string) error
}

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

// read decodes the task and checks that it belongs here.
func (h *Handler) read(task *asynq.Task) (Payload, error) {
	if task.Type() != TypeCreate {
		return Payload{}, &PayloadError{Reason: fmt.Sprintf("type %q is not %q", task.Type(), TypeCreate)}
	}
	payload, err := DecodePayload(task.Payload())
	if err != nil {
		return Payload{}, err
	}
	if payload.Reference() {
		return payload, nil // bind checks its item
	}
	return payload, h.checkLane(Lane{Account: payload.Account, Region: payload.Region})
}

func (h *Handler) checkLane(lane Lane) error {
	if lane != h.Lane {
		return &PayloadError{Reason: fmt.Sprintf("lane %s does not belong in queue %s; enqueue it in %s", lane, h.Lane.Queue(), lane.Queue())}
	}
	return nil
}

// bind binds a run whose task is a reference to the request that was read, so that no attempt begins if the item is
// deleted and registered anew with another request meanwhile.
func (h *Handler) bind(j *job, start ledger.Start) error {
	if j.fingerprint != "" || start.Result == lifecycle.StartFinished || start.Result == lifecycle.StartAbsent {
		return nil
	}
	item := start.Item
	if err := h.checkLane(LaneOf(item)); err != nil {
		return archive(err)
	}
	registered := Item{Account: item.Account, Region: item.Region, ClientToken: item.OwnToken}
	j.fingerprint = fingerprintOf(registered, []byte(item.Body))
	if j.fingerprint != item.Record.Fingerprint {
		return h.later(j, ledger.Unreadable(item.Batch, item.Key, errors.New("its request is not the one that was registered")))
	}
	return nil
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

// begin begins an attempt in the ledger, and first registers an item that is not registered. NotYet means that nothing may
// be sent yet.
func (h *Handler) begin(ctx context.Context, j *job, notYet bool) (ledger.Start, error) {
	j.began, j.clockOffset = time.Now(), h.API.ClockOffset()
	name, request, err := h.name(ctx, j)
	if err != nil {
		return ledger.Start{}, h.later(j, err)
	}
	j.ticket = uuid.NewString()[:13]
	options := ledger.BeginOptions{
		ClientToken: j.payload.ClientToken,
		Fingerprint: j.fingerprint,
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
		case start.Result == lifecycle.StartForeign && ownToken(start.Item, j.payload.ClientToken):
			options.ClientToken = "" // the task carries an earlier token of the item
		case start.Result == lifecycle.StartAbsent && !j.payload.Reference():
			if err := h.register(ctx, j); err != nil {
				return start, err
			}
		case start.Result == lifecycle.StartConflict && j.payload.Reference():
			return start, &Postpone{After: h.delay(1, 0), Reason: "the item was deleted and registered anew"}
		default:
			return start, h.bind(j, start)
		}
	}
	return ledger.Start{}, &Postpone{After: h.delay(1, 0), Reason: "the item changed while its attempt was being begun"}
}

// name returns the worker's name for the attempt, and for how long the worker must be silent until the request is certainly
// over. Silence counts from the last heartbeat, which may be earlier than the attempt.
func (h *Handler) name(ctx context.Context, j *job) (name string, request time.Duration, err error) {
	if h.Membership == nil {
		return h.Worker, h.requestBound(), nil
	}
	name, beat, err := h.Membership.Name(ctx)
	return name, h.requestBound() + max(0, j.began.Sub(beat)), err
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
