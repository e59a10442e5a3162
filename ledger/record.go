package ledger

import "havip/lifecycle"

// Spec is a requested item; it never changes after registration.
type Spec struct {
	// Key names the item within its batch.
	Key string `json:"-"`
	// Fingerprint identifies the request: two specs of one key with the same fingerprint are
	// the same request. Line is not part of it.
	Fingerprint string `json:"-"`
	// ClientToken is the idempotency token: when registered, that of the item's first generation; in an
	// [Item], the current one.
	ClientToken string `json:"-"`
	// Address is the address that the request names, and Automatic the fingerprint that it would have without
	// one: an item that requested no address and received this one is the same. In the result of a conflict,
	// Address is that of the item's HaVIP.
	Address   string `json:"-"`
	Automatic string `json:"-"`
	// HaVIPID and HaVIPAddress are those of an imported item's existing HaVIP; see [lifecycle.Asked].
	HaVIPID      string `json:"-"`
	HaVIPAddress string `json:"-"`
	// Line is the row in the producer's file, from 1; 0 if there was none.
	Line    int    `json:"line,omitempty"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// Priority chooses the queue of the item's task; "" for the normal one. The ledger does not interpret it.
	Priority string `json:"priority,omitempty"`
	// OwnToken is the clientToken that the user chose, "" for a derived one.
	OwnToken string `json:"ownToken,omitempty"`
	// Body is the request body; every attempt sends exactly these bytes.
	Body string `json:"body"`
}

// The types of package lifecycle.
type (
	// Millis is a moment in Unix milliseconds, UTC; 0 stands for none.
	Millis = lifecycle.Millis
	// State is the state of an item.
	State = lifecycle.State
	// Record is the current result of an item.
	Record = lifecycle.Record
	// Cancellation is an operator's request to cancel an item.
	Cancellation = lifecycle.Cancellation
	// Deletion is an operator's request to delete the item's HaVIP.
	Deletion = lifecycle.Deletion
	// Attempt is the log of one sent request.
	Attempt = lifecycle.Attempt
	// Outcome is the outcome of a request, for [Ledger.Record].
	Outcome = lifecycle.Outcome
	// DeletionOutcome is the outcome of an attempt to delete a HaVIP, for [Ledger.EndDeletion].
	DeletionOutcome = lifecycle.DeletionOutcome
	// BeginOptions are the terms of one attempt.
	BeginOptions = lifecycle.BeginTerms
	// Watched is how long the caller of a begin has watched an attempt in flight.
	Watched = lifecycle.Watched
	// DeletionOptions are the terms of one attempt to delete.
	DeletionOptions = lifecycle.DeletionTerms
)

// The states of an item; see package lifecycle.
const (
	Queued   = lifecycle.Queued
	Sending  = lifecycle.Sending
	Unknown  = lifecycle.Unknown
	Waiting  = lifecycle.Waiting
	Created  = lifecycle.Created
	Adopted  = lifecycle.Adopted
	Rejected = lifecycle.Rejected
	Review   = lifecycle.Review
	Canceled = lifecycle.Canceled
	Deleting = lifecycle.Deleting
	Deleted  = lifecycle.Deleted
)

// States lists every state in the order in which they are shown.
func States() []State { return lifecycle.States() }

// OpDelete is the operation of an [Attempt] to delete.
const OpDelete = lifecycle.OpDelete

// Item is a spec with its record.
type Item struct {
	Batch string
	Spec
	Record Record
}

// Owner returns the item as the owner of its HaVIP.
func (i Item) Owner() Owner {
	return Owner{Batch: i.Batch, Key: i.Key, ForgottenGeneration: i.Record.ForgottenGeneration}
}
