package lifecycle

import (
	"fmt"
	"time"
)

// Look is what BCE shows about a HaVIP that it reported as created.
type Look struct {
	HaVIPID string
	// Shown is the HaVIP as BCE shows it. It is nil if neither a read nor a complete listing that began at ListedAt
	// shows it.
	Shown    *ListedHaVIP
	ListedAt Uptime
	// Next is the item's next clientToken.
	Next string
	// ConfirmWithin is how long BCE may take to show what it created.
	ConfirmWithin time.Duration
}

// ListedHaVIP is a HaVIP as BCE shows it.
type ListedHaVIP struct {
	// Address is "" if it has none.
	Address string
	// Age is how long ago it was created, by BCE's clock. Undated is true if BCE does not say.
	Age     time.Duration
	Undated bool
}

// Confirmation is the result of a [Look].
type Confirmation string

// The results of [Confirm].
const (
	// ConfirmationOwn: it exists and is the item's.
	ConfirmationOwn Confirmation = "confirmed"
	// ConfirmationAdopted: it exists and is older than the item's first request: another program's request under the
	// same clientToken created it.
	ConfirmationAdopted Confirmation = "adopted"
	// ConfirmationAgain: look again at the record's ConfirmAt.
	ConfirmationAgain Confirmation = "again"
	// ConfirmationRenewed: it does not exist. The item has its next clientToken and needs a task.
	ConfirmationRenewed Confirmation = "renewed"
	// ConfirmationReopened: it does not exist, and a request under the current clientToken may have created another.
	// The item's outcome is unknown, and it needs a task.
	ConfirmationReopened Confirmation = "reopened"
	// ConfirmationNone: the item is not waiting for a confirmation of this HaVIP.
	ConfirmationNone Confirmation = "none"
)

const (
	// AgeSlack is how much older than the item's first request its own HaVIP may appear: BCE dates in whole seconds.
	AgeSlack = 3 * time.Second
	// confirmSoonest and confirmLatest bound the wait for the next look, which doubles the item's wait so far.
	confirmSoonest = time.Second
	confirmLatest  = time.Minute
)

// Confirm records what BCE shows about a created item's HaVIP. An answer with an ID proves only that some request under
// the clientToken created it within a day: another ledger with the same file, this ledger before it lost its data, or
// another program with the same token. The HaVIP may also have been deleted since.
func Confirm(s Snapshot, o Look) (Confirmation, Change) {
	d := s.draft()
	if !d.Unconfirmed() || d.HaVIPID != o.HaVIPID {
		return ConfirmationNone, Change{}
	}
	d.repairClock()
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

// notShown decides about a HaVIP that BCE does not show. It does not exist if BCE has had enough time and two listings
// did not show it.
func (d *draft) notShown(o Look) (Confirmation, Change) {
	if d.State == Adopted { // a listing had shown it; it was deleted since
		return ConfirmationOwn, d.confirmed()
	}
	if d.untilProven(o.ListedAt, o.ConfirmWithin) > 0 {
		return ConfirmationAgain, d.lookLater()
	}
	why := fmt.Sprintf("BCE answered with %s, but neither a read nor two listings within %s showed it", d.HaVIPID, o.ConfirmWithin)
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

// lookLater schedules another look.
func (d *draft) lookLater() Change {
	waited := d.at.Now.since(d.LastSentAt)
	d.ConfirmAt = d.at.Now.add(min(max(waited, confirmSoonest), confirmLatest))
	return d.done()
}

// confirmed records that the item's HaVIP needs no further look.
func (d *draft) confirmed() Change {
	d.ConfirmAt = 0
	d.clearUnknown()
	d.dropTransient()
	d.change.Moved = true
	return d.done()
}

// predates returns why this item's requests cannot have created the HaVIP; "" if they can. It compares ages, which do
// not depend on the offset of the clocks.
func (d *draft) predates(seen ListedHaVIP) string {
	first := d.FirstSentAt
	if first == 0 {
		first = d.RegisteredAt
	}
	older := seen.Age - d.at.Now.since(first)
	switch {
	case seen.Undated:
		return d.HaVIPID + " may be another's: BCE does not say when it was created"
	case d.at.Now < first:
		return d.HaVIPID + " may be another's: the clock was set back since this item's first request, so its age is not known"
	case older > AgeSlack:
		return fmt.Sprintf("%s was created %s before this item's first request: another ledger's or program's request under the same clientToken created it",
			d.HaVIPID, older.Round(time.Second))
	}
	return ""
}
