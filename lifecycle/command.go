package lifecycle

import "fmt"

// CancelAction is what canceling an item does.
type CancelAction string

// The actions of cancel.
const (
	// CancelNow: no request of it is in flight and no outcome is unknown; it is canceled at once.
	CancelNow CancelAction = "cancel"
	// CancelLater: it is canceled when it is certain that nothing was created.
	CancelLater CancelAction = "after-outcome"
	// CancelNone: it cannot be canceled.
	CancelNone CancelAction = "none"
)

// CancelAction tells what canceling the item does, or why it does nothing.
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
		return CancelNone, "it was rejected, and created nothing"
	case r.State == Review:
		return CancelNone, "it is in review: a HaVIP that may be its own exists"
	case r.Cancel != nil:
		return CancelNone, "that was asked for before; its outcome decides"
	case r.State == Sending, r.Unknown:
		return CancelLater, ""
	default:
		return CancelNow, ""
	}
}

// Commanded is what a person's command did to an item.
type Commanded string

// The results of [Cancel], [Retry] and [Rollback].
const (
	// CommandApplied: it is canceled, goes on, or is to be deleted. All but a canceled item need a task.
	CommandApplied Commanded = "applied"
	// CommandAsked: a request of it is in flight or of unknown outcome, which decides whether it is
	// canceled. Nothing is sent for it any more.
	CommandAsked Commanded = "asked"
	// CommandSame: an earlier command has asked for that, or the item is under way by itself.
	CommandSame Commanded = "same"
	// CommandFinished: the item's end stands.
	CommandFinished Commanded = "finished"
	// CommandBusy: a request of it is in flight.
	CommandBusy Commanded = "busy"
	// CommandLate: it is not as the caller saw it.
	CommandLate Commanded = "late"
	// CommandAbsent: it is not registered. The ledger returns it.
	CommandAbsent Commanded = "absent"
	// CommandDamaged: its data cannot be read; nothing was done. The ledger returns it.
	CommandDamaged Commanded = "damaged"
)

// Cancel withdraws an item of which nothing was created. Repeating a request of unknown outcome would
// create its HaVIP if it did not exist yet; so the HaVIP is looked for instead.
func Cancel(s Snapshot, reason string) (Commanded, Change) {
	d := s.draft()
	action, _ := d.CancelAction()
	switch {
	case action == CancelNow:
		d.cancel(reason)
		return CommandApplied, d.done()
	case action == CancelLater:
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
	// RetryRestart: it was never sent; it begins again under its clientToken.
	RetryRestart RetryAction = "anew"
	// RetryNewToken: it provably created nothing; it begins again under its next clientToken, since BCE may
	// repeat a refusal for a token's sake.
	RetryNewToken RetryAction = "new-token"
	// RetryLookUpFirst: that it created nothing is not proven. It keeps its token, and what exists is looked
	// at before anything is sent for it.
	RetryLookUpFirst RetryAction = "look-first"
	// RetryRunNow: it is under way; its task runs now instead of after its delay.
	RetryRunNow RetryAction = "hurry"
	// RetryNone: it cannot be retried.
	RetryNone RetryAction = "none"
)

// RetryAction tells how the item can be retried, or why it cannot.
func (r Record) RetryAction() (action RetryAction, why string) {
	if r.Cancel != nil {
		return RetryNone, "somebody asked to cancel it; its outcome decides"
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
		return RetryNone, "its state is not known here"
	}
}

// Retry lets an item be tried again that had come to an end. Seen is the record that the caller saw, and
// next the item's next clientToken.
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

// restart forgets what the item's way has come to; the log of its requests keeps it.
func (d *draft) restart(action RetryAction, next string) {
	if action == RetryNewToken {
		d.Generation, d.ClientToken = d.Generation+1, next
	}
	renewedAt := d.RenewedAt
	d.slim()
	// A person's command is no news of what exists: where the last is older than a token lives, begin looks
	// first.
	d.RenewedAt, d.FirstFailedAt, d.Refusals = renewedAt, 0, 0
	d.Class, d.Status, d.Code, d.Message, d.RequestID = "", 0, "", "", ""
	detail := ""
	if d.Generation > 1 {
		detail = fmt.Sprintf("clientToken %d", d.Generation)
	}
	d.event(EventRetried, detail)
	d.move(Queued, "")
}

// lookUpFirst takes back what a lookup came to: the words of the last request stand again.
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
	d.suspect(sentAt{lastSent, d.ClockOffset})
	d.Lookup, d.EnqueuedAt, d.LeaseUntil, d.RequestUntil, d.Ticket = true, 0, 0, 0, ""
	d.event(EventRetried, "looked for first")
	d.move(Unknown, "retry")
}

// RollbackAction is what rolling an item back does.
type RollbackAction string

// The actions of rollback.
const (
	// RollbackDelete: its HaVIP is deleted.
	RollbackDelete RollbackAction = "delete"
	// RollbackNone: there is nothing of its own to delete.
	RollbackNone RollbackAction = "none"
)

// RollbackAction tells what rolling the item back does, or why it does nothing.
func (r Record) RollbackAction() (action RollbackAction, why string) {
	switch r.State {
	case Created:
		if r.Unconfirmed() {
			return RollbackNone, "BCE has not shown yet that this batch created it; wait for that"
		}
		return RollbackDelete, ""
	case Adopted:
		return RollbackNone, "it was adopted: that this batch created it is not proven"
	case Deleting:
		return RollbackNone, "that was asked for before"
	case Deleted:
		return RollbackNone, "its HaVIP was deleted"
	case Review:
		return RollbackNone, "it is in review: which HaVIP is its own is not known"
	case Rejected, Canceled:
		return RollbackNone, "it created nothing"
	default:
		return RollbackNone, "it is not finished; cancel it first, or wait"
	}
}

// Rollback asks for the HaVIP to be deleted that requests of this item created, if it is the one that the
// caller saw.
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
