package lifecycle

import "time"

// DeletionTerms are the terms of one attempt to delete.
type DeletionTerms struct {
	// Worker, Ticket, Lease, Request and Watched are as in [BeginTerms].
	Worker, Ticket string
	Lease, Request time.Duration
	Watched        Watched
}

// DeletionOutcome is what one attempt to delete a HaVIP proved.
type DeletionOutcome struct {
	// Ticket is that of the attempt's begin.
	Ticket string `json:"ticket"`
	// Generation is the item's when the attempt began; 0 if unknown.
	Generation int `json:"gen,omitempty"`
	// State is the item's next state: Deleted, Deleting to retry, or Created after a final refusal.
	State State `json:"state"`
	// Class is the caller's class of the outcome.
	Class string `json:"class"`
	// Unknown is true if BCE may have acted on the request.
	Unknown    bool   `json:"unknown,omitempty"`
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	RequestID  string `json:"requestId,omitempty"`
	DurationMS int64  `json:"ms"`
	// PrivateIPAddress is the HaVIP's address if it was read, or "".
	PrivateIPAddress string `json:"ip,omitempty"`
}

// BeginDeletion records the intent to delete, before anything is sent. With [StartBusy] it returns how long to wait.
func BeginDeletion(s Snapshot, o DeletionTerms) (Start, time.Duration, Change) {
	d := s.draft()
	switch {
	case d.State != Deleting || d.Deletion == nil:
		return StartFinished, 0, Change{}
	case !d.InFlight():
	case d.Ticket == o.Ticket:
		return StartSend, 0, Change{}
	default:
		if left := d.leaseLeft(o.Watched); left > 0 {
			return StartBusy, left, Change{}
		}
		d.closeInterrupted(Attempt{Number: d.Deletes, Op: OpDelete})
		d.Deletion.Unknown = true
	}
	d.Deletes++
	d.Deletion.SentAt = s.Now
	d.lease(o.Worker, o.Ticket, o.Lease, o.Request)
	d.write(Attempt{
		Number: d.Deletes, Op: OpDelete, Generation: d.Generation, At: s.Now, Worker: o.Worker, Class: classSending,
	})
	if dropped := d.Deletes - logDeletions; dropped > 0 {
		d.change.Dropped = append(d.change.Dropped, LogKey{OpDelete, dropped})
	}
	d.move(Deleting, "")
	return StartSend, 0, d.done()
}

// RecordDeletion records the outcome of delete n, once; the snapshot has its log entry. A proof of deletion applies
// whenever it arrives. Any other outcome applies only while the item waits for it.
func RecordDeletion(s Snapshot, n int, o DeletionOutcome) (Recorded, Change) {
	if s.forgot(o.Generation) {
		return RecordedGone, Change{}
	}
	entry := s.entry(Attempt{Number: n, Op: OpDelete})
	d := s.draft()
	if d.Deletion == nil {
		d.Deletion = new(Deletion) // a damaged record, or one that is not being deleted
	}
	fresh := !entry.hasOutcome()
	if fresh {
		entry.Class, entry.Status, entry.Code, entry.Message = o.Class, o.Status, o.Code, o.Message
		entry.RequestID, entry.DurationMS = o.RequestID, o.DurationMS
		d.write(entry)
	}
	gone := o.State == Deleted && (d.State == Deleting || d.State == Created)
	switch {
	case gone:
	case !fresh || d.State == Deleted:
		return RecordedSame, d.change
	case d.State != Deleting:
		return RecordedLate, d.change
	case n != d.Deletes || o.Ticket != d.Ticket:
		return d.lateDeletion(o)
	}
	d.applyDeletion(o)
	return RecordedApplied, d.done()
}

// lateDeletion records an outcome that the item no longer waits for.
func (d *draft) lateDeletion(o DeletionOutcome) (Recorded, Change) {
	if !o.Unknown || d.Deletion.Unknown {
		return RecordedLate, d.change
	}
	d.Deletion.Unknown = true
	return RecordedLate, d.done()
}

// applyDeletion applies the outcome of the latest attempt.
func (d *draft) applyDeletion(o DeletionOutcome) {
	d.Deletion.Unknown = d.Deletion.Unknown || o.Unknown && d.State == Deleting
	d.ConfirmAt = 0
	d.Class, d.Status, d.Code, d.Message, d.RequestID = o.Class, o.Status, o.Code, o.Message, o.RequestID
	if o.PrivateIPAddress != "" && d.PrivateIPAddress == "" {
		d.PrivateIPAddress = o.PrivateIPAddress
	}
	d.LeaseUntil, d.RequestUntil, d.Ticket = 0, 0, ""
	if o.State != Deleting {
		d.Deletion = nil
		d.dropTransient()
	}
	if o.State == Created {
		d.event(EventNotDeleted, o.Message)
	}
	d.move(o.State, d.HaVIPID)
}
