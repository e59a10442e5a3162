package console

import (
	"havip/internal/lane"
	"havip/ledger"
)

// why says why an item is in its state, and what happens next.
func (v *visit) why(item ledger.Item, batchPaused bool, l laneView) []string {
	rec := item.Record
	reasons := append([]string{v.whyState(rec)}, v.whyRequested(rec)...)
	if rec.State.Terminal() {
		return reasons
	}
	if batchPaused && rec.PausedWithBatch() {
		reasons = append(reasons, v.T("The batch is paused: nothing is sent for this item until it is resumed."))
	}
	switch l.Status() {
	case "paused":
		reasons = append(reasons, v.T("Lane %s is paused: nothing is sent until it is resumed.", l.Name()))
	case "suspended":
		reasons = append(reasons, v.T("Lane %s is suspended after an error that is not about this item; one item at a time probes.", l.Name()))
	case "no worker":
		reasons = append(reasons, v.T("No worker serves lane %s.", l.Name()))
	}
	for _, suspension := range l.Suspensions {
		switch suspension.Target {
		case lane.TargetSubnet:
			reasons = append(reasons, v.T("Subnet %s of its lane is suspended.", suspension.SubnetID))
		case lane.TargetDeletions:
			if rec.State == ledger.Deleting {
				reasons = append(reasons, v.T("Deletions are suspended"))
			}
		default:
		}
	}
	return reasons
}

// whyState is about the state alone.
func (v *visit) whyState(rec ledger.Record) string {
	switch rec.State {
	case ledger.Queued:
		if rec.Generation > 1 {
			return v.T("It waits for a worker; it has clientToken number %d.", rec.Generation)
		}
		return v.T("It waits for a worker.")
	case ledger.Sending:
		return v.T("A request is in flight, sent by worker %s.", rec.Worker)
	case ledger.Waiting:
		return v.T("Its lane postponed it; that is not counted as an attempt.")
	case ledger.Unknown:
		if rec.Lookup {
			return v.T("BCE may have acted on its last request; the HaVIP is looked up before anything is sent.")
		}
		return v.T("BCE may have acted on its last request; the same request is sent again with the same clientToken.")
	case ledger.Created:
		if rec.Unconfirmed() {
			return v.T("BCE reported the HaVIP as created, and has not shown it yet.")
		}
		return v.T("BCE created the HaVIP.")
	case ledger.Adopted:
		return v.T("The HaVIP existed already, and is recorded as its own.")
	case ledger.Rejected:
		return v.T("BCE refused the request, and nothing was created.")
	case ledger.Review:
		return v.T("It is not certain which HaVIP is its own; a person must decide.")
	case ledger.Canceled:
		return v.T("It was canceled before anything was created.")
	case ledger.Deleting:
		return v.T("Its HaVIP is being deleted.")
	case ledger.Deleted:
		return v.T("Its HaVIP was deleted.")
	default:
		return v.T("Its state is not known to this version.")
	}
}

// whyRequested is about what persons asked for, and what happened to its HaVIPs.
func (v *visit) whyRequested(rec ledger.Record) (reasons []string) {
	if rec.Cancel != nil {
		reasons = append(reasons, v.T("A cancellation was requested; the outcome of its last request decides. Reason: %s", v.orNone(rec.Cancel.Reason)))
	}
	if rec.Deletion != nil {
		reasons = append(reasons, v.T("A rollback was requested. Reason: %s", v.orNone(rec.Deletion.Reason)))
	}
	if rec.RenewedFor != "" {
		reasons = append(reasons, v.T("It has another clientToken because BCE repeated %s.", rec.RenewedFor))
	}
	for _, id := range rec.GivenUp {
		reasons = append(reasons, v.T("BCE reported %s as created for it, and it does not exist.", id))
	}
	for _, id := range rec.Extras {
		reasons = append(reasons, v.T("BCE created %s for it as well; nothing owns that HaVIP.", id))
	}
	for _, id := range rec.Excluded {
		reasons = append(reasons, v.T("An operator excluded %s: it is not its own.", id))
	}
	return reasons
}

func (v *visit) orNone(reason string) string {
	if reason == "" {
		return v.T("none given")
	}
	return reason
}
