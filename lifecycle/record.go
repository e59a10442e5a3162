package lifecycle

import "time"

// Millis is a time in Unix milliseconds, UTC; 0 means none.
type Millis int64

// Time returns the time, or the zero time for none.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

func (m Millis) add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }

// since returns the duration from earlier to m.
func (m Millis) since(earlier Millis) time.Duration {
	return time.Duration(m-earlier) * time.Millisecond
}

// Uptime is the time during which at least one worker ran, in milliseconds from 1; 0 means none. Unlike Redis's clock,
// it does not step, for example after a failover to another host.
type Uptime int64

// Record is the state of an item.
type Record struct {
	State State `json:"state"`
	// Generation counts the item's clientTokens, from 1.
	Generation  int    `json:"gen"`
	ClientToken string `json:"token,omitempty"`
	Fingerprint string `json:"fingerprint"`
	// Sends counts sent requests; Attempts excludes throttled requests and lane faults.
	Sends    int `json:"sends,omitempty"`
	Attempts int `json:"attempts,omitempty"`
	// Unknown is set while BCE may have acted on a request of this generation, or of an earlier one whose outcome
	// arrived late. UnknownSince is when the first such request was sent, by the known clock of BCE.
	Unknown      bool   `json:"unknown,omitempty"`
	UnknownSince Millis `json:"unknownSince,omitempty"`
	// TokenUsed is set if ClientToken may have been used before the batch was deleted, or by another program: it is not sent.
	TokenUsed bool `json:"tokenUsed,omitempty"`
	// ForgottenGeneration is the last generation that may have been used before the batch was deleted; 0 for none.
	ForgottenGeneration int `json:"forgotten,omitempty"`
	// Lookup is set if the HaVIP must be looked up before the next request.
	Lookup bool `json:"lookup,omitempty"`
	// AbsentSince is when a complete listing first did not show the HaVIP of an item of unknown outcome. LookAgainAt is
	// when another listing can decide. UnansweredAt is when the last unanswered request began. See [RecordAbsence].
	AbsentSince  Uptime `json:"absentSince,omitempty"`
	LookAgainAt  Millis `json:"lookAgainAt,omitempty"`
	UnansweredAt Millis `json:"unansweredAt,omitempty"`
	// Cancel is set if a cancel was requested and the outcome must decide.
	Cancel *Cancellation `json:"cancel,omitempty"`

	// Refusals counts consecutive answers with the same code that are not about the item (throttling, lane faults).
	Refusals int `json:"refusals,omitempty"`
	// RefusedSince is when the first such request of this generation was sent, by the known clock of BCE.
	RefusedSince Millis `json:"refusedSince,omitempty"`
	// RenewedFor is the item's code when it got its current token.
	RenewedFor string `json:"renewedFor,omitempty"`

	RegisteredAt Millis `json:"registeredAt"`
	// CreatedAt is when the HaVIP was recorded as created or adopted; 0 while the item has none. A deleted item keeps it.
	CreatedAt  Millis `json:"createdAt,omitempty"`
	RenewedAt  Millis `json:"renewedAt,omitempty"`
	UpdatedAt  Millis `json:"updatedAt,omitempty"`
	EnqueuedAt Millis `json:"enqueuedAt,omitempty"`
	// FirstSentAt is when the first request began that may have created the item's HaVIP.
	FirstSentAt   Millis `json:"firstSentAt,omitempty"`
	LastSentAt    Millis `json:"lastSentAt,omitempty"`
	FirstFailedAt Millis `json:"firstFailedAt,omitempty"`
	// LeaseUntil bounds the attempt in flight or interrupted; 0 after [Release]. RequestUntil is when its request has
	// certainly ended. Both are only compared with the attempt's start, by the same clock. Worker sent it; Ticket is
	// unique to it.
	LeaseUntil   Millis `json:"leaseUntil,omitempty"`
	RequestUntil Millis `json:"requestUntil,omitempty"`
	Worker       string `json:"worker,omitempty"`
	Ticket       string `json:"ticket,omitempty"`
	// ClockOffset is how far BCE's clock was known to be ahead of ours when that attempt began, in ms.
	ClockOffset Millis `json:"offset,omitempty"`

	// Deletes counts the attempts to delete the HaVIP. Deletion is set while one is requested.
	Deletes  int       `json:"deletes,omitempty"`
	Deletion *Deletion `json:"deletion,omitempty"`

	// The last outcome, with BCE's text if it answered.
	Class     string `json:"class,omitempty"`
	Status    int    `json:"status,omitempty"`
	Code      string `json:"code,omitempty"`
	Message   string `json:"message,omitempty"`
	RequestID string `json:"requestId,omitempty"`

	HaVIPID          string `json:"haVipId,omitempty"`
	PrivateIPAddress string `json:"ip,omitempty"`
	// ConfirmAt is when to look at the HaVIP next; 0 if it is confirmed or there is none. See [Confirm].
	ConfirmAt Millis `json:"confirmAt,omitempty"`
	// GivenUp are HaVIPs that BCE reported as created for the item and that do not exist.
	GivenUp []string `json:"givenUp,omitempty"`
	// Extras are further HaVIPs that BCE created for the item; they have no owner.
	Extras []string `json:"extras,omitempty"`

	// Candidates are the HaVIPs of an item in review that may be its own. Excluded are those that an operator has excluded.
	Candidates []Candidate `json:"candidates,omitempty"`
	Excluded   []string    `json:"excluded,omitempty"`

	// Round is the batch's count of resumes when the item failed; see [Batch].
	Round int `json:"round,omitempty"`
}

// InFlight reports whether an attempt to create or delete began and has no outcome.
func (r Record) InFlight() bool {
	return r.State == Sending || r.State == Deleting && r.Deletion != nil && r.RequestUntil != 0
}

// Unconfirmed reports whether BCE has not yet shown the created HaVIP or its address.
func (r Record) Unconfirmed() bool { return r.State.Succeeded() && r.ConfirmAt != 0 }

// Finished reports whether the item changes no more without a command.
func (r Record) Finished() bool { return r.State.Terminal() && !r.Unconfirmed() }

// PausedWithBatch reports whether a pause of the batch stops the item: no request is in flight, and no outcome is
// unknown.
func (r Record) PausedWithBatch() bool {
	return !r.State.Terminal() && r.State != Deleting && r.State != Sending && !r.Unknown && !r.Lookup
}

// Cancellation is a requested cancel while a request is in flight or its outcome unknown. The outcome decides.
type Cancellation struct {
	At Millis `json:"at"`
	// Reason is the operator's.
	Reason string `json:"why,omitempty"`
}

// Deletion is a requested deletion of the item's HaVIP.
type Deletion struct {
	At Millis `json:"at"`
	// Reason is the operator's.
	Reason string `json:"why,omitempty"`
	// SentAt is when the last attempt began; 0 before the first.
	SentAt Millis `json:"sentAt,omitempty"`
	// Unknown is set if BCE may have acted on an earlier attempt.
	Unknown bool `json:"unknown,omitempty"`
}
