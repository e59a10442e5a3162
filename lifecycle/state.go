package lifecycle

// State is where an item stands. The words are part of the contract.
type State string

// The states of an item.
const (
	// Queued: registered; no request has been sent, or the last one provably did nothing.
	Queued State = "queued"
	// Sending: a request may be under way; its intent is durable.
	Sending State = "sending"
	// Unknown: BCE may or may not have acted on the last request.
	Unknown State = "unknown"
	// Waiting: held back by its lane (throttling, credentials, quota); not counted.
	Waiting State = "waiting"
	// Created: BCE created the HaVIP, and its haVipId is recorded. Terminal; see [Record.Unconfirmed].
	Created State = "created"
	// Adopted: it was found to exist already and is now recorded as ours. Terminal.
	Adopted State = "adopted"
	// Rejected: BCE said a definite no; nothing was created. Terminal.
	Rejected State = "rejected"
	// Review: only a person can decide. Terminal.
	Review State = "review"
	// Canceled: withdrawn before anything was created. Terminal.
	Canceled State = "canceled"
	// Deleting: its HaVIP is being deleted.
	Deleting State = "deleting"
	// Deleted: its HaVIP was created by this batch and deleted again. Terminal.
	Deleted State = "deleted"
)

// States lists every state in the order in which they are shown.
func States() []State {
	return []State{
		Queued, Sending, Waiting, Unknown, Created, Adopted,
		Rejected, Review, Canceled, Deleting, Deleted,
	}
}

// Terminal reports whether nothing more will happen to an item in this state by itself.
func (s State) Terminal() bool {
	switch s {
	case Created, Adopted, Rejected, Review, Canceled, Deleted:
		return true
	default:
		return false
	}
}

// Succeeded reports whether the item has what was asked for.
func (s State) Succeeded() bool { return s == Created || s == Adopted }

// Failed reports whether an item in this state counts as a failure of its batch.
func (s State) Failed() bool { return s == Rejected || s == Review }
