package lifecycle

import "time"

// Millis is a moment in Unix milliseconds, UTC; 0 stands for none.
type Millis int64

// Time returns the moment, or the zero time for none.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

func (m Millis) add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }

// since is the time from an earlier moment to m; negative when that moment is later.
func (m Millis) since(earlier Millis) time.Duration {
	return time.Duration(m-earlier) * time.Millisecond
}

// Lived is a moment in the time through which some worker has lived, in milliseconds from its beginning, 1; 0 stands
// for none. Redis's clock may step, as to that of another host after a failover; this time does not.
type Lived int64

// Record is what became of an item.
type Record struct {
	State State `json:"state"`
	// Generation counts the clientTokens that the item has had, from 1.
	Generation  int    `json:"gen"`
	ClientToken string `json:"token"`
	Fingerprint string `json:"fingerprint"`
	// Sends counts requests sent, Attempts those of them that count: throttled requests and
	// lane faults do not.
	Sends    int `json:"sends"`
	Attempts int `json:"attempts"`
	// Unknown is set while BCE may have acted on some request of this generation, the first of
	// which was sent at UnknownSince, by BCE's clock as it was known; or on one of an earlier
	// generation, of which that was heard late.
	Unknown      bool   `json:"unknown,omitempty"`
	UnknownSince Millis `json:"unknownSince,omitempty"`
	// TokenUsed is set while ClientToken may have been used before the batch's record was deleted:
	// nothing is sent under it.
	TokenUsed bool `json:"spent,omitempty"`
	// ForgottenGeneration is the last generation that may have been used before the batch's record was deleted; 0 where
	// none was.
	ForgottenGeneration int `json:"past,omitempty"`
	// Lookup is set when nothing may be sent before the HaVIP was looked for.
	Lookup bool `json:"lookup,omitempty"`
	// AbsentSince is when a complete listing first did not show the HaVIP of an item of unknown outcome, and
	// LookAgainAt from when on another would decide; UnansweredAt is when the last of its requests was begun
	// that was not answered. See [RecordAbsence].
	AbsentSince  Lived  `json:"absentSince,omitempty"`
	LookAgainAt  Millis `json:"lookAgainAt,omitempty"`
	UnansweredAt Millis `json:"unansweredAt,omitempty"`
	// Cancel is set while a person wants the item canceled and its outcome is to decide.
	Cancel *Cancellation `json:"cancel,omitempty"`

	// Refusals counts answers in a row that were alike and not about the item (throttling, lane
	// faults).
	Refusals int `json:"refusals,omitempty"`
	// RefusedSince is when the first request of this generation was sent that BCE refused so, by
	// BCE's clock as it was known.
	RefusedSince Millis `json:"refusedSince,omitempty"`
	// RenewedFor is the code that stood when the item was given its present token.
	RenewedFor string `json:"renewedFor,omitempty"`

	RegisteredAt Millis `json:"registeredAt"`
	RenewedAt    Millis `json:"renewedAt,omitempty"`
	UpdatedAt    Millis `json:"updatedAt"`
	EnqueuedAt   Millis `json:"enqueuedAt,omitempty"`
	// FirstSentAt is when the first request was begun that may have created the item's HaVIP.
	FirstSentAt   Millis `json:"firstSentAt,omitempty"`
	LastSentAt    Millis `json:"lastSentAt,omitempty"`
	FirstFailedAt Millis `json:"firstFailedAt,omitempty"`
	// LeaseUntil bounds the attempt in flight, or bounded one that was interrupted; it is 0 when the attempt
	// was released ([Release]). RequestUntil is when its request is certainly over. Both are as the ledger's
	// clock stood when it was begun, and are compared with nothing else. Worker sent it, and Ticket tells it
	// from any other of its number.
	LeaseUntil   Millis `json:"leaseUntil,omitempty"`
	RequestUntil Millis `json:"requestUntil,omitempty"`
	Worker       string `json:"worker,omitempty"`
	Ticket       string `json:"ticket,omitempty"`
	// ClockOffset is what BCE's clock was known to be ahead of ours when that attempt began, in ms.
	ClockOffset Millis `json:"offset,omitempty"`

	// Deletes counts the tries to delete the HaVIP. Deletion is set while that is under way.
	Deletes  int       `json:"deletes,omitempty"`
	Deletion *Deletion `json:"deletion,omitempty"`

	// The last outcome, in BCE's words where it had any.
	Class     string `json:"class,omitempty"`
	Status    int    `json:"status,omitempty"`
	Code      string `json:"code,omitempty"`
	Message   string `json:"message,omitempty"`
	RequestID string `json:"requestId,omitempty"`

	HaVIPID          string `json:"haVipId,omitempty"`
	PrivateIPAddress string `json:"ip,omitempty"`
	// ConfirmAt is when BCE is to be asked next whether it shows the HaVIP; 0 when it was confirmed, or there
	// is none. See [Confirm].
	ConfirmAt Millis `json:"confirmAt,omitempty"`
	// GivenUp are HaVIPs that BCE answered to have created for the item, and that do not exist.
	GivenUp []string `json:"givenUp,omitempty"`
	// Extras are further HaVIPs that BCE created for the item, which belong to nobody.
	Extras []string `json:"extras,omitempty"`

	// Round is the batch's count of resumes when the item failed; see [Batch].
	Round int `json:"round,omitempty"`
}

// InFlight reports whether an attempt to create or to delete was begun, and nothing is known of its end.
func (r Record) InFlight() bool {
	return r.State == Sending || r.State == Deleting && r.Deletion != nil && r.RequestUntil != 0
}

// Unconfirmed reports whether BCE is still to show the HaVIP that it answered to have created, or its address.
func (r Record) Unconfirmed() bool { return r.State.Succeeded() && r.ConfirmAt != 0 }

// Finished reports whether nothing more will happen to the item by itself.
func (r Record) Finished() bool { return r.State.Terminal() && !r.Unconfirmed() }

// PausedWithBatch reports whether a pause of the batch is one of the item: no request of it is in flight,
// and no outcome is unknown.
func (r Record) PausedWithBatch() bool {
	return !r.State.Terminal() && r.State != Deleting && r.State != Sending && !r.Unknown && !r.Lookup
}

// Cancellation is a person's wish that an item be canceled, while a request of it is in flight or its
// outcome is unknown. What that request came to decides.
type Cancellation struct {
	At Millis `json:"at"`
	// Reason is in the person's words.
	Reason string `json:"why,omitempty"`
}

// Deletion is a person's wish that the item's HaVIP be deleted, while it is carried out.
type Deletion struct {
	At Millis `json:"at"`
	// Reason is in the person's words.
	Reason string `json:"why,omitempty"`
	// SentAt is when the last try began; 0 before the first.
	SentAt Millis `json:"sentAt,omitempty"`
	// Unknown is set when BCE may have acted on an earlier try.
	Unknown bool `json:"unknown,omitempty"`
}
