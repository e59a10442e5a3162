package lifecycle

// State is the state of an item. Its values are a contract.
type State string

// The states of an item.
const (
	// Queued: registered; no request was sent, or the last one provably did nothing.
	Queued State = "queued"
	// Sending: a request may be in flight; its intent is durable.
	Sending State = "sending"
	// Unknown: BCE may or may not have acted on the last request.
	Unknown State = "unknown"
	// Waiting: delayed by its lane (throttling, credentials, quota); not counted.
	Waiting State = "waiting"
	// Created: BCE created the HaVIP, and its haVipId is recorded. Terminal; see [Record.Unconfirmed].
	Created State = "created"
	// Adopted: its HaVIP already existed and is now recorded as its own. Terminal.
	Adopted State = "adopted"
	// Rejected: BCE definitely refused it; nothing was created. Terminal.
	Rejected State = "rejected"
	// Review: an operator must decide. Terminal.
	Review State = "review"
	// Canceled: canceled before anything was created. Terminal.
	Canceled State = "canceled"
	// Deleting: its HaVIP is being deleted.
	Deleting State = "deleting"
	// Deleted: its HaVIP was created by this batch and is deleted. Terminal.
	Deleted State = "deleted"
)

// States lists every state in the order in which they are shown.
func States() []State {
	return []State{
		Queued, Sending, Waiting, Unknown, Created, Adopted,
		Rejected, Review, Canceled, Deleting, Deleted,
	}
}

// Terminal reports whether an item leaves this state only by a command or a proof.
func (s State) Terminal() bool {
	switch s {
	case Created, Adopted, Rejected, Review, Canceled, Deleted:
		return true
	default:
		return false
	}
}

// Succeeded reports whether the item has its HaVIP.
func (s State) Succeeded() bool { return s == Created || s == Adopted }

// Failed reports whether an item in this state counts as a failure of its batch.
func (s State) Failed() bool { return s == Rejected || s == Review }
