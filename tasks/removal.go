package tasks

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"havip/bce"
	"havip/ledger"
)

// The classes of an attempt to delete a HaVIP, besides throttled, not-sent, unknown and lane-fault.
const (
	// ClassDeleted: BCE said that it deleted the HaVIP. Done.
	ClassDeleted Class = "deleted"
	// ClassNotFound: BCE knows no such HaVIP. An earlier attempt or another client may have deleted it, or the key
	// cannot see it.
	ClassNotFound Class = "not-found"
	// ClassRefused: a definite refusal, for example because it is bound. The HaVIP stays.
	ClassRefused Class = "refused"
)

// CodeBound is our own code for a HaVIP that is not deleted because something uses it.
const CodeBound = "HaVIPBound"

// CodeNotOwn is our own code for a HaVIP that no request of the item created.
const CodeNotOwn = "NotCreatedByItem"

// ownSlack is how much earlier than the item's first request its HaVIP may be dated, because clocks differ.
const ownSlack = 2 * time.Minute

// notCreatedBy returns why the HaVIP was not created by one of these requests; "" if it was. An answer with its ID is not enough
// proof: BCE repeats the answer to any request with the same clientToken, and two ledgers that were given the same file and batch
// name use the same tokens.
func notCreatedBy(attempts []ledger.Attempt, h bce.HaVIP) string {
	answered := slices.IndexFunc(attempts, func(a ledger.Attempt) bool { return a.Op == "" && a.HaVIPID == h.ID })
	first := ledger.Millis(0)
	if answered >= 0 {
		first = firstSent(attempts, attempts[answered].Generation)
	}
	switch {
	case answered < 0:
		return "no recorded request of this item created " + h.ID
	case !h.CreatedTime.IsZero() && h.CreatedTime.Before(first.Time().Add(-ownSlack)):
		return fmt.Sprintf("%s was created at %s, before the item's first request at %s; it belongs to another ledger or program",
			h.ID, h.CreatedTime.UTC().Format(time.RFC3339), first.Time().Format(time.RFC3339))
	}
	return ""
}

// firstSent returns when the first request of a generation was sent that may have created something. A request that BCE refused while
// no outcome was unknown created nothing.
func firstSent(attempts []ledger.Attempt, generation int) (first ledger.Millis) {
	unknown := false
	for _, a := range attempts {
		if a.Op != "" || a.Generation != generation {
			continue
		}
		if first == 0 {
			first = a.SentAt()
		}
		switch Class(a.Class) {
		case ClassThrottled, ClassNotSent, ClassLaneFault, ClassRejected:
			if !unknown {
				first = 0
			}
		case ClassCreated:
		default:
			unknown = true
		}
	}
	return first
}

// ClassifyRemoval classifies the answer to a delete, or to the look-up before it. It is pure.
//
// Repeating a delete is harmless because it names what it deletes. Deletes have no clientToken: with one, BCE would repeat a refusal
// whose reason has been fixed.
func ClassifyRemoval(meta bce.ResponseMeta, err error) Outcome {
	if err == nil {
		return Outcome{Class: ClassDeleted, Status: meta.StatusCode, RequestID: meta.RequestID, ServerDate: meta.Date}
	}
	o := Classify(nil, err, false)
	var e *bce.Error
	switch api := errors.As(err, &e) && e.Kind == bce.KindAPI; {
	case api && isNotFound(e):
		o.Class, o.Scope = ClassNotFound, ""
	case o.Scope == ScopeQuota, o.Scope == ScopeSubnet:
		o.Class, o.Scope = ClassThrottled, "" // for a delete, it can only be a quota of requests
	case o.Class == ClassRejected, o.Class == ClassMismatch:
		o.Class = ClassRefused
	}
	return o
}

// isNotFound matches the family of codes by their parts: each BCE service has its own, and one was seen with status 400.
func isNotFound(e *bce.Error) bool {
	for _, part := range []string{bce.CodeNoSuchObject, "NotFound", "NotExist", "NoSuch"} {
		if strings.Contains(e.Code, part) {
			return true
		}
	}
	return e.StatusCode == http.StatusNotFound && e.Code != bce.CodeInvalidVersion && e.Code != bce.CodeInvalidURI
}

// boundTo names what uses the HaVIP; "" if nothing does.
func boundTo(h bce.HaVIP) string {
	var users []string
	for _, instance := range h.BoundInstances {
		users = append(users, fmt.Sprintf("%s %s", strings.ToLower(string(instance.Type)), instance.ID))
	}
	if h.PublicIPAddress != "" {
		users = append(users, "EIP "+h.PublicIPAddress)
	}
	if len(users) == 0 && h.Status == bce.StatusBound {
		users = append(users, "something that BCE does not name")
	}
	return strings.Join(users, ", ")
}

// bound returns the outcome for a HaVIP that is in use.
func bound(h bce.HaVIP, users string) Outcome {
	return Outcome{
		Class: ClassRefused, Code: CodeBound,
		Message: fmt.Sprintf("not deleted: %s is bound to %s; unbind it and roll back again", h.ID, users),
	}
}

// gone returns the outcome for a HaVIP that existed and is deleted.
func (o Outcome) gone(message string) Outcome {
	o.Class, o.Code, o.Message = ClassDeleted, "", message
	return o
}

// removal converts the outcome of an attempt for the ledger. Sent means that a delete was sent; otherwise the outcome
// is known.
func (o Outcome) removal(sent bool, address string, took time.Duration) ledger.DeletionOutcome {
	e := ledger.DeletionOutcome{
		State: ledger.Deleting, Class: string(o.Class), Unknown: sent && o.Class == ClassUnknown,
		Status: o.Status, Code: o.Code, Message: bounded(o.Message), RequestID: o.RequestID,
		DurationMS: took.Milliseconds(), PrivateIPAddress: address,
	}
	if o.Class == ClassDeleted {
		e.State = ledger.Deleted
	}
	if o.Class == ClassRefused {
		e.State = ledger.Created
	}
	return e
}
