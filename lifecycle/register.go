package lifecycle

// Registered is how an item that is asked for stands to what is recorded of it.
type Registered string

// The results of [Register].
const (
	// RegisteredNew: nobody had registered it. Enqueue its task, unless it is imported.
	RegisteredNew Registered = "new"
	// RegisteredSame: it is there, and its task is known to be enqueued, or it is finished.
	RegisteredSame Registered = "same"
	// RegisteredRepair: it is there, but no task of it is known: enqueue it again.
	RegisteredRepair Registered = "repair"
	// RegisteredConflict: another request stands under its key.
	RegisteredConflict Registered = "conflict"
	// RegisteredGone: it is of a task that was put in before the batch's record was deleted.
	RegisteredGone Registered = "gone"
)

// Asked is an item that is asked for.
type Asked struct {
	// Fingerprint identifies the request, and ClientToken is that of its first generation.
	Fingerprint, ClientToken string
	// Address is the address that the request names, and Automatic the fingerprint that it would have without
	// one; both are "" for a request without an address.
	Address, Automatic string
	// FromTask says that it is of a task with a clientToken, which nobody has registered. After the batch's
	// record was deleted, such a task may be a leftover: the HaVIP that its token once created may be gone.
	FromTask bool
	// HaVIPID is the HaVIP that exists already for an imported item, and HaVIPAddress its address; both are "" for an item
	// that is to be created.
	HaVIPID, HaVIPAddress string
}

// Register compares what is asked for with what stands; the snapshot of an item that nobody registered has a
// record without a state. With [RegisteredNew] it answers the record to enter, else the one that stands.
func Register(s Snapshot, asked Asked) (Registered, Record) {
	standing := s.Record
	switch past := s.Batch.Forgotten; {
	case standing.State == "" && asked.FromTask && past > 0:
		return RegisteredGone, standing
	case standing.State == "":
		fresh := Record{
			State: Queued, Generation: 1, ClientToken: asked.ClientToken, Fingerprint: asked.Fingerprint,
			RegisteredAt: s.Now, UpdatedAt: s.Now,
		}
		if past > 0 { // it begins after the clientTokens that may have been used
			fresh.Generation, fresh.TokenUsed, fresh.ForgottenGeneration = past, true, past
		}
		if asked.HaVIPID != "" {
			fresh.State, fresh.HaVIPID, fresh.PrivateIPAddress = Adopted, asked.HaVIPID, asked.HaVIPAddress
		}
		return RegisteredNew, fresh
	case standing.Fingerprint != asked.Fingerprint && !asked.satisfied(standing):
		return RegisteredConflict, standing
	case standing.State.Terminal() || standing.EnqueuedAt != 0:
		return RegisteredSame, standing
	}
	return RegisteredRepair, standing
}

// satisfied reports whether the request names the address that BCE chose for an item that asked for none, as
// the batch's results do, and differs in nothing else.
func (a Asked) satisfied(standing Record) bool {
	return a.Address != "" && a.Address == standing.PrivateIPAddress && a.Automatic == standing.Fingerprint
}

// MarkEnqueued notes that the item's task stands in the queue, so that [Register] need not ask for it again. Nil
// is that there is nothing to note.
func MarkEnqueued(s Snapshot) *Record {
	if s.Record.State == "" || s.Record.State.Terminal() || s.Record.EnqueuedAt != 0 {
		return nil
	}
	after := s.Record
	after.EnqueuedAt, after.UpdatedAt = s.Now, s.Now
	return &after
}
