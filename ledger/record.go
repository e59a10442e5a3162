package ledger

import "time"

// Spec is what was asked for; it never changes once registered.
type Spec struct {
	// Key names the item within its batch.
	Key string `json:"-"`
	// Fingerprint identifies the request: two specs of one key with the same fingerprint ask
	// for the same thing. Line is not part of it.
	Fingerprint string `json:"-"`
	// ClientToken is the idempotency token: when registered, that of the item's first generation; in an
	// [Item], the present one.
	ClientToken string `json:"-"`
	// Line is the row in the producer's file, from 1; 0 when there was none.
	Line    int    `json:"line,omitempty"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// OwnToken is the clientToken that the user chose, "" for a derived one.
	OwnToken string `json:"ownToken,omitempty"`
	// Body is the request body; every attempt sends exactly these bytes.
	Body string `json:"body"`
}

// Millis is a moment in Unix milliseconds, UTC; 0 stands for none.
type Millis int64

// Time returns the moment, or the zero time for none.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

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
	Unknown      bool   `json:"unknown"`
	UnknownSince Millis `json:"unknownSince"`
	// Spent is set while ClientToken may have been used before the batch's record was deleted:
	// nothing is sent under it.
	Spent bool `json:"spent"`
	// Past is the last generation that may have been used before the batch's record was deleted; 0 where
	// none was.
	Past int `json:"past"`
	// Lookup is set when nothing may be sent before the HaVIP was looked for.
	Lookup bool `json:"lookup"`
	// Cancel is set while a person wants the item canceled and its outcome is to decide.
	Cancel *Cancellation `json:"cancel"`

	// Refusals counts answers in a row that were alike and not about the item (throttling, lane
	// faults).
	Refusals int `json:"refusals"`
	// RefusedSince is when the first request of this generation was sent that BCE refused so, by
	// BCE's clock as it was known.
	RefusedSince Millis `json:"refusedSince"`

	// RenewedFor is the code that stood when the item was given its present token.
	RenewedFor string `json:"renewedFor"`

	RegisteredAt  Millis `json:"registeredAt"`
	UpdatedAt     Millis `json:"updatedAt"`
	EnqueuedAt    Millis `json:"enqueuedAt"`
	FirstSentAt   Millis `json:"firstSentAt"`
	LastSentAt    Millis `json:"lastSentAt"`
	FirstFailedAt Millis `json:"firstFailedAt"`
	// LeaseUntil bounds the attempt in flight, or bounded one that was interrupted; Worker sent it.
	LeaseUntil Millis `json:"leaseUntil"`
	Worker     string `json:"worker"`

	// Deletes counts the tries to delete the HaVIP. Deletion is set while that is under way.
	Deletes  int       `json:"deletes"`
	Deletion *Deletion `json:"deletion"`

	// The last outcome, in BCE's words where it had any.
	Class     string `json:"class"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`

	HaVIPID          string `json:"haVipId"`
	PrivateIPAddress string `json:"ip"`
	// AddressGivenUp is set when the address that BCE chose could not be learnt.
	AddressGivenUp bool `json:"addressGivenUp"`
}

// NeedsAddress reports whether the item exists but its address is not known yet.
func (r Record) NeedsAddress() bool {
	return r.State.Succeeded() && r.PrivateIPAddress == "" && !r.AddressGivenUp
}

// Item is a spec with its record.
type Item struct {
	Batch string
	Spec
	Record Record
}

// Owner names the item as the owner of its HaVIP.
func (i Item) Owner() Owner { return Owner{Batch: i.Batch, Key: i.Key, Past: i.Record.Past} }

// OpDelete is the operation of an [Attempt] to delete.
const OpDelete = "delete"

// Attempt is the log of one sent request.
type Attempt struct {
	// Number counts the item's sends, from 1; or its tries to delete, where Op is [OpDelete]. Op is ""
	// for a create.
	Number     int    `json:"n"`
	Op         string `json:"op"`
	Generation int    `json:"gen"`
	At         Millis `json:"at"`
	Worker     string `json:"worker"`
	// Class is "sending" while in flight and "interrupted" when its worker never said more.
	Class     string `json:"class"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
	HaVIPID   string `json:"haVipId"`
	// DurationMS is how long the request took, in milliseconds.
	DurationMS int64 `json:"ms"`
}

// Outcome is what one sent request proved, as [Ledger.Record] takes it.
type Outcome struct {
	// Ticket is that of the request's begin; "" leaves it to the request's number.
	Ticket string `json:"ticket,omitempty"`
	// Generation is the item's when the request was begun; 0 leaves it open. It tells requests of before
	// the batch was forgotten.
	Generation int `json:"gen,omitempty"`
	// State is where the item goes.
	State State `json:"state"`
	// Class is the caller's word for what was proved.
	Class string `json:"class"`
	// Counted says that the request counts as an attempt.
	Counted bool `json:"counted,omitempty"`
	// Unknown says that BCE may have acted on it.
	Unknown bool `json:"unknown,omitempty"`
	// Lookup says that nothing may be sent for the item before the HaVIP was looked for. Heard
	// late it says no more than Unknown: the next request under the token will tell.
	Lookup     bool   `json:"lookup,omitempty"`
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	RequestID  string `json:"requestId,omitempty"`
	DurationMS int64  `json:"ms"`
	// HaVIPID and PrivateIPAddress are given with state created; the address is "" while
	// only BCE knows it.
	HaVIPID          string `json:"haVipId,omitempty"`
	PrivateIPAddress string `json:"ip,omitempty"`
}
