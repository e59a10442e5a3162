package lifecycle

// Registered is the result of comparing a requested item with the ledger.
type Registered string

// The results of [Register].
const (
	// RegisteredNew: it was not registered. Enqueue its task, unless it is imported.
	RegisteredNew Registered = "new"
	// RegisteredSame: it is registered, and its task is enqueued or it is finished.
	RegisteredSame Registered = "same"
	// RegisteredRepair: it is registered, but may have no task: enqueue it again.
	RegisteredRepair Registered = "repair"
	// RegisteredConflict: another request is registered under its key.
	RegisteredConflict Registered = "conflict"
	// RegisteredGone: its task was enqueued before the batch was deleted.
	RegisteredGone Registered = "gone"
)

// Asked is a requested item.
type Asked struct {
	// Fingerprint identifies the request, and ClientToken is that of its first generation.
	Fingerprint, ClientToken string
	// Address is the requested address, and Automatic the fingerprint of the same request without it; both are "" for a
	// request without an address.
	Address, Automatic string
	// FromTask is true for a task with a clientToken that is not registered. If the batch was deleted, the task may be
	// a leftover, and the HaVIP of its token may be deleted.
	FromTask bool
	// HaVIPID is the HaVIP that exists already for an imported item, and HaVIPAddress its address; both are "" for an item
	// that is to be created.
	HaVIPID, HaVIPAddress string
}

// Register compares a requested item with the registered one; the snapshot of an unregistered item has a record without
// a state. With [RegisteredNew] it returns the record to write, else the registered one.
func Register(s Snapshot, asked Asked) (Registered, Record) {
	existing := s.Record
	switch past := s.Batch.Forgotten; {
	case existing.State == "" && asked.FromTask && past > 0:
		return RegisteredGone, existing
	case existing.State == "":
		fresh := Record{
			State: Queued, Generation: 1, ClientToken: asked.ClientToken, Fingerprint: asked.Fingerprint,
			RegisteredAt: s.Now, UpdatedAt: s.Now,
		}
		if past > 0 { // it starts after the clientTokens that may have been used
			fresh.Generation, fresh.TokenUsed, fresh.ForgottenGeneration = past, true, past
		}
		if asked.HaVIPID != "" {
			fresh.State, fresh.HaVIPID, fresh.PrivateIPAddress, fresh.CreatedAt = Adopted, asked.HaVIPID, asked.HaVIPAddress, s.Now
		}
		return RegisteredNew, fresh
	case existing.Fingerprint != asked.Fingerprint && !asked.satisfied(existing):
		return RegisteredConflict, existing
	case existing.State.Terminal() || existing.EnqueuedAt != 0:
		return RegisteredSame, existing
	}
	return RegisteredRepair, existing
}

// satisfied reports whether the request differs only by naming the address that BCE assigned, as the batch's results
// do.
func (a Asked) satisfied(existing Record) bool {
	return a.Address != "" && a.Address == existing.PrivateIPAddress && a.Automatic == existing.Fingerprint
}

// MarkEnqueued records that the item's task is enqueued. It returns nil if nothing changes.
func MarkEnqueued(s Snapshot) *Record {
	if s.Record.State == "" || s.Record.State.Terminal() || s.Record.EnqueuedAt != 0 {
		return nil
	}
	after := s.Record
	after.EnqueuedAt, after.UpdatedAt = s.Now, s.Now
	return &after
}
