package lifecycle

import "fmt"

// CancelAction is what canceling an item does.
type CancelAction string

// The actions of cancel.
const (
	// CancelNow: no request is in flight and no outcome is unknown; it is canceled immediately.
	CancelNow CancelAction = "cancel"
	// CancelLater: it is canceled when it is certain that nothing was created. If that was requested before, its lookup only
	// runs now.
	CancelLater CancelAction = "after-outcome"
	// CancelNone: it cannot be canceled.
	CancelNone CancelAction = "none"
)

// CancelAction returns what canceling the item does, or why it does nothing.
func (r Record) CancelAction() (action CancelAction, why string) {
	switch {
	case r.State == Canceled:
		return CancelNone, "it is canceled"
	case r.State.Succeeded():
		return CancelNone, "its HaVIP exists"
	case r.State == Deleting:
		return CancelNone, "its HaVIP is being deleted"
	case r.State == Deleted:
		return CancelNone, "its HaVIP was deleted"
	case r.State == Rejected:
		return CancelNone, "it was rejected and created nothing"
	case r.State == Review:
		return CancelNone, "it is in review: a HaVIP that may belong to it exists"
	case r.Cancel != nil && r.State == Sending:
		return CancelNone, "it is already being canceled; that depends on the outcome of its last request"
	case r.State == Sending, r.Unknown:
		return CancelLater, ""
	default:
		return CancelNow, ""
	}
}

// Commanded is the result of an operator's command.
type Commanded string

// The results of [Cancel], [Retry] and [Rollback].
const (
	// CommandApplied: it is canceled, continues, or is to be deleted. All but a canceled item need a task.
	CommandApplied Commanded = "applied"
	// CommandAsked: a request is in flight or its outcome unknown; the outcome decides whether the item is canceled.
	// Nothing more is sent for it.
	CommandAsked Commanded = "asked"
	// CommandSame: an earlier command requested it, or the item is already in progress.
	CommandSame Commanded = "same"
	// CommandFinished: the item is finished and stays so.
	CommandFinished Commanded = "finished"
	// CommandBusy: a request of it is in flight.
	CommandBusy Commanded = "busy"
	// CommandLate: it has changed since the caller read it.
	CommandLate Commanded = "late"
	// CommandAbsent: it is not registered. The ledger returns it.
	CommandAbsent Commanded = "absent"
	// CommandDamaged: its data cannot be read; nothing was done. The ledger returns it.
	CommandDamaged Commanded = "damaged"
)

// Cancel cancels an item if it created nothing. Repeating a request of unknown outcome could create its HaVIP, so the
// HaVIP is looked up instead.
func Cancel(s Snapshot, reason string) (Commanded, Change) {
	d := s.draft()
	action, _ := d.CancelAction()
	switch {
	case action == CancelNow:
		d.cancel(reason)
		return CommandApplied, d.done()
	case action == CancelLater && d.Cancel == nil:
		d.Cancel = &Cancellation{At: s.Now, Reason: reason}
		d.Lookup = d.Lookup || d.State != Sending
		d.event(EventCancelAsked, reason)
		return CommandAsked, d.done()
	case d.Cancel != nil:
		return CommandSame, Change{}
	}
	return CommandFinished, Change{}
}

// RetryAction is how an item can be retried.
type RetryAction string

// The actions of retry.
const (
	// RetryRestart: it was never sent; it restarts under its clientToken.
	RetryRestart RetryAction = "restart"
	// RetryNewToken: it provably created nothing; it restarts under its next clientToken, because BCE may repeat a
	// refusal for a token.
	RetryNewToken RetryAction = "new-token"
	// RetryLookUpFirst: it may have created something. It keeps its token and is looked up before anything is sent.
	RetryLookUpFirst RetryAction = "look-up-first"
	// RetryRunNow: it is in progress; its task runs now instead of after its delay.
	RetryRunNow RetryAction = "run-now"
	// RetryNone: it cannot be retried.
	RetryNone RetryAction = "none"
)

// RetryAction returns how the item can be retried, or why it cannot.
func (r Record) RetryAction() (action RetryAction, why string) {
	if r.Cancel != nil {
		return RetryNone, "it is being canceled; that depends on the outcome of its last request"
	}
	switch r.State {
	case Queued, Waiting, Unknown, Deleting:
		return RetryRunNow, ""
	case Review:
		return RetryLookUpFirst, ""
	case Rejected, Canceled:
		switch {
		case r.Unknown:
			return RetryLookUpFirst, ""
		case r.Sends == 0:
			return RetryRestart, ""
		}
		return RetryNewToken, ""
	case Sending:
		return RetryNone, "a request of it is in flight"
	case Created, Adopted:
		return RetryNone, "its HaVIP exists"
	case Deleted:
		return RetryNone, "its HaVIP was deleted"
	default:
		return RetryNone, "its state is not known to this version"
	}
}

// Retry retries a finished item. Seen is the record that the caller read, and next the item's next clientToken.
func Retry(s Snapshot, seen Record, next string) (Commanded, Change) {
	d := s.draft()
	switch {
	case d.State == Sending:
		return CommandBusy, Change{}
	case !d.State.Terminal():
		return CommandSame, Change{}
	}
	action, _ := d.RetryAction()
	switch {
	case action == RetryNone:
		return CommandFinished, Change{}
	case d.ClientToken != seen.ClientToken || d.Sends != seen.Sends:
		return CommandLate, Change{}
	case action == RetryLookUpFirst:
		d.lookUpFirst()
	default:
		d.restart(action, next)
	}
	return CommandApplied, d.done()
}

// restart clears the item's outcome; the request log keeps it.
func (d *draft) restart(action RetryAction, next string) {
	if action == RetryNewToken {
		d.Generation, d.ClientToken = d.Generation+1, next
	}
	renewedAt := d.RenewedAt
	d.dropTransient()
	// RenewedAt stays, so that Begin still looks up an item that was idle for longer than a token's lifetime.
	d.RenewedAt, d.FirstFailedAt, d.Refusals = renewedAt, 0, 0
	d.Class, d.Status, d.Code, d.Message, d.RequestID = "", 0, "", "", ""
	detail := ""
	if d.Generation > 1 {
		detail = fmt.Sprintf("clientToken %d", d.Generation)
	}
	d.event(EventRetried, detail)
	d.move(Queued, "")
}

// lookUpFirst replaces the result of an earlier lookup by that of the last request.
func (d *draft) lookUpFirst() {
	last := d.at.entry(Attempt{})
	d.Code, d.Message = last.Code, last.Message
	lastSent := d.LastSentAt
	if lastSent == 0 {
		lastSent = d.at.Now
	}
	if d.FirstSentAt == 0 {
		d.FirstSentAt = d.LastSentAt
	}
	if d.FirstSentAt == 0 {
		d.FirstSentAt = d.RegisteredAt
	}
	d.markUnknown(sentAt{lastSent, d.ClockOffset})
	d.Lookup, d.EnqueuedAt, d.LeaseUntil, d.RequestUntil, d.Ticket = true, 0, 0, 0, ""
	d.event(EventRetried, "looked up first")
	d.move(Unknown, "retry")
}

// RollbackAction is what rolling an item back does.
type RollbackAction string

// The actions of rollback.
const (
	// RollbackDelete: its HaVIP is deleted.
	RollbackDelete RollbackAction = "delete"
	// RollbackNone: it has no HaVIP of its own to delete.
	RollbackNone RollbackAction = "none"
)

// RollbackAction returns what rolling the item back does, or why it does nothing.
func (r Record) RollbackAction() (action RollbackAction, why string) {
	switch r.State {
	case Created:
		if r.Unconfirmed() {
			return RollbackNone, "BCE has not confirmed yet that this batch created it; try again later"
		}
		return RollbackDelete, ""
	case Adopted:
		return RollbackNone, "it was adopted: this batch may not have created it"
	case Deleting:
		return RollbackNone, "a rollback was already requested"
	case Deleted:
		return RollbackNone, "its HaVIP was deleted"
	case Review:
		return RollbackNone, "it is in review: its own HaVIP is not known"
	case Rejected, Canceled:
		return RollbackNone, "it created nothing"
	default:
		return RollbackNone, "it is not finished; wait, or cancel it first"
	}
}

// Rollback requests the deletion of the HaVIP that this item created, if it is the one that the caller read.
func Rollback(s Snapshot, haVIPID, reason string) (Commanded, Change) {
	d := s.draft()
	action, _ := d.RollbackAction()
	switch {
	case d.State == Deleting:
		return CommandSame, Change{}
	case d.State == Deleted:
		return CommandFinished, Change{}
	case action != RollbackDelete || d.HaVIPID != haVIPID:
		return CommandLate, Change{}
	}
	d.Deletion = &Deletion{At: s.Now, Reason: reason}
	d.EnqueuedAt = 0
	d.event(string(Deleting), d.HaVIPID)
	d.move(Deleting, "")
	return CommandApplied, d.done()
}
