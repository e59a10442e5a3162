package lifecycle

import "time"

// DeletionTerms are the terms of one try to delete.
type DeletionTerms struct {
	// Worker, Ticket, Lease, Request and Watched are as in [BeginTerms].
	Worker, Ticket string
	Lease, Request time.Duration
	Watched        Watched
}

// DeletionOutcome is what one try to delete a HaVIP proved.
type DeletionOutcome struct {
	// Ticket is that of the try's begin.
	Ticket string `json:"ticket"`
	// Generation is the item's when the try was begun; 0 leaves it open.
	Generation int `json:"gen,omitempty"`
	// State is where the item goes: Deleted, Deleting to try again, or Created where BCE refused for
	// good.
	State State `json:"state"`
	// Class is the caller's word for what was proved.
	Class string `json:"class"`
	// Unknown says that BCE may have acted on the request.
	Unknown    bool   `json:"unknown,omitempty"`
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	RequestID  string `json:"requestId,omitempty"`
	DurationMS int64  `json:"ms"`
	// PrivateIPAddress is the HaVIP's address where it was learnt by the way, or "".
	PrivateIPAddress string `json:"ip,omitempty"`
}

// BeginDeletion makes the intent to delete durable, before anything is sent. With [StartBusy] it answers how
// long to wait.
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

// RecordDeletion enters what try n to delete proved, once; the snapshot has its log entry. What is deleted
// is deleted, whenever that is heard. Anything else applies only while the item waits for it.
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

// lateDeletion is an outcome for which the item does not wait any more.
func (d *draft) lateDeletion(o DeletionOutcome) (Recorded, Change) {
	if !o.Unknown || d.Deletion.Unknown {
		return RecordedLate, d.change
	}
	d.Deletion.Unknown = true
	return RecordedLate, d.done()
}

// applyDeletion takes the item where its latest try has brought it.
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
		d.slim()
	}
	if o.State == Created {
		d.event(EventNotDeleted, o.Message)
	}
	d.move(o.State, d.HaVIPID)
}
