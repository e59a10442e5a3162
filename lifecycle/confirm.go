package lifecycle

import (
	"fmt"
	"time"
)

// Look is what BCE showed when it was asked for the HaVIP that it answered to have created for an item.
type Look struct {
	HaVIPID string
	// Shown is the HaVIP as BCE shows it. It is nil when neither a read of it shows it, nor a complete
	// listing that began at ListedAt.
	Shown    *ListedHaVIP
	ListedAt Lived
	// Next is the item's next clientToken.
	Next string
	// ConfirmWithin is how long BCE may take to show what it created.
	ConfirmWithin time.Duration
}

// ListedHaVIP is a HaVIP as BCE shows it.
type ListedHaVIP struct {
	// Address is "" while it has none.
	Address string
	// Age is how long ago it was created, by BCE's clock. Undated says that BCE did not tell.
	Age     time.Duration
	Undated bool
}

// Confirmation is what a [Look] came to.
type Confirmation string

// The results of [Confirm].
const (
	// ConfirmationOwn: it exists, and is the item's.
	ConfirmationOwn Confirmation = "confirmed"
	// ConfirmationAdopted: it exists, and is older than the item's first request: somebody else's request
	// under the same clientToken created it.
	ConfirmationAdopted Confirmation = "adopted"
	// ConfirmationAgain: BCE is to be asked again at the record's ConfirmAt.
	ConfirmationAgain Confirmation = "again"
	// ConfirmationRenewed: it does not exist. The item has its next clientToken, and needs a task.
	ConfirmationRenewed Confirmation = "renewed"
	// ConfirmationReopened: it does not exist, and a request under the present clientToken may have created another. The
	// item is of unknown outcome, and needs a task.
	ConfirmationReopened Confirmation = "reopened"
	// ConfirmationNone: the item waits for no confirmation, or for that of another HaVIP.
	ConfirmationNone Confirmation = "none"
)

const (
	// AgeSlack is how much older than the item's first request its own HaVIP may look. Both ages are measured
	// by one clock each; BCE dates in whole seconds.
	AgeSlack = 3 * time.Second
	// confirmSoonest and confirmLatest bound the wait for the next look, which is as long as the item waits already.
	confirmSoonest = time.Second
	confirmLatest  = time.Minute
)

// Confirm records what a look at the HaVIP of a created item showed. That BCE answered with an ID proves only
// that some request under the clientToken created it once: BCE repeats its answer to whoever sends the token
// again, within a day. So may another ledger with the same file, this one after it lost its data, or another
// program that uses the token; and the HaVIP may be deleted since.
func Confirm(s Snapshot, o Look) (Confirmation, Change) {
	d := s.draft()
	if !d.Unconfirmed() || d.HaVIPID != o.HaVIPID {
		return ConfirmationNone, Change{}
	}
	d.heedClock()
	if o.Shown == nil {
		return d.notShown(o)
	}
	d.AbsentSince, d.LookAgainAt = 0, 0
	if o.Shown.Address == "" && d.PrivateIPAddress == "" && s.Now.since(d.LastSentAt) < o.ConfirmWithin {
		return ConfirmationAgain, d.lookLater()
	}
	if o.Shown.Address != "" && o.Shown.Address != d.PrivateIPAddress {
		d.PrivateIPAddress = o.Shown.Address
		d.event(EventAddress, o.Shown.Address)
	}
	if why := d.predates(*o.Shown); why != "" && d.State == Created {
		d.Message = why
		d.move(Adopted, why)
		return ConfirmationAdopted, d.confirmed()
	}
	return ConfirmationOwn, d.confirmed()
}

// notShown is about a HaVIP that BCE does not show. It may do so a little later: only when it has had long
// enough, and two listings did not show it, is it known not to exist.
func (d *draft) notShown(o Look) (Confirmation, Change) {
	if d.State == Adopted { // a listing showed it; it was deleted since
		return ConfirmationOwn, d.confirmed()
	}
	if d.untilProven(o.ListedAt, o.ConfirmWithin) > 0 {
		return ConfirmationAgain, d.lookLater()
	}
	why := fmt.Sprintf("BCE answered with %s and did not show it within %s, neither when it was asked for nor in two listings", d.HaVIPID, o.ConfirmWithin)
	d.GivenUp = append(d.GivenUp, d.HaVIPID)
	d.HaVIPID, d.PrivateIPAddress, d.ConfirmAt, d.EnqueuedAt, d.FirstSentAt = "", "", 0, 0, 0
	if d.Unknown {
		d.Lookup, d.AbsentSince, d.LookAgainAt = true, 0, 0
		d.move(Unknown, why)
		return ConfirmationReopened, d.done()
	}
	d.renew(o.Next, "", why)
	return ConfirmationRenewed, d.done()
}

// lookLater asks for another look.
func (d *draft) lookLater() Change {
	waited := d.at.Now.since(d.LastSentAt)
	d.ConfirmAt = d.at.Now.add(min(max(waited, confirmSoonest), confirmLatest))
	return d.done()
}

// confirmed notes that nothing more is to be known of the item's HaVIP.
func (d *draft) confirmed() Change {
	d.ConfirmAt = 0
	d.settled()
	d.slim()
	d.change.Moved = true
	return d.done()
}

// predates tells why the HaVIP cannot have been created by this item's requests; "" when it can. What is
// compared are ages: whether our clock agrees with BCE's does not matter.
func (d *draft) predates(seen ListedHaVIP) string {
	first := d.FirstSentAt
	if first == 0 {
		first = d.RegisteredAt
	}
	older := seen.Age - d.at.Now.since(first)
	switch {
	case seen.Undated:
		return d.HaVIPID + " may be another's: BCE does not tell when it was created"
	case d.at.Now < first:
		return d.HaVIPID + " may be another's: the clock was put back since this item's first request, and its age cannot be told"
	case older > AgeSlack:
		return fmt.Sprintf("%s was created %s before this item's first request: another ledger's or program's request under the same clientToken created it",
			d.HaVIPID, older.Round(time.Second))
	}
	return ""
}
