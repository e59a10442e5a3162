package tasks

import (
	"context"
	"time"

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
