package tasks

import (
	"strconv"
	"strings"
	"time"

	"havip/bce"
	"havip/ledger"
)

// Attempted is an attempt that has ended, as metrics count it.
type Attempted struct {
	Lane Lane
	// Operation is "create" or "delete".
	Operation string
	Outcome   Outcome
	// Took is how long the call took.
	Took time.Duration
	// Queued is from the item's registration to its first request, by Redis's clock; set for the first request alone.
	Queued  time.Duration
	IsFirst bool
}

// observe passes the attempt to the observer, if there is one.
func (h *Handler) observe(operation string, rec ledger.Record, o Outcome, took time.Duration) {
	if h.Observe == nil {
		return
	}
	a := Attempted{Lane: h.Lane, Operation: operation, Outcome: o, Took: took}
	if operation == OpCreate && rec.Sends == 1 {
		a.IsFirst, a.Queued = true, max(0, time.Duration(rec.LastSentAt-rec.RegisteredAt)*time.Millisecond)
	}
	h.Observe(a)
}

// The operations of [Attempted].
const (
	OpCreate = "create"
	OpDelete = "delete"
)

// CodeFamily returns the outcome's code in one of few words, because BCE's set of codes is open: a known code, the name of a
// family, the class of an HTTP status without a code, or "other"; "none" if there is no answer or no error.
func CodeFamily(o Outcome) string {
	switch code := o.Code; {
	case code == "" && o.Status >= 400:
		return "http_" + strconv.Itoa(o.Status/100) + "xx"
	case code == "":
		return "none"
	case isThrottling(code):
		return "throttling"
	case IsQuota(code):
		return "quota"
	case strings.Contains(code, bce.CodeSubnetHasNoMoreIP):
		return bce.CodeSubnetHasNoMoreIP
	case knownCodes[code]:
		return code
	}
	return "other"
}

// knownCodes are those that have a meaning here.
var knownCodes = map[string]bool{
	bce.CodeAccessDenied: true, bce.CodeQualifyNotPass: true, bce.CodeOptInRequired: true, bce.CodeInvalidAccessKeyID: true,
	bce.CodeSignatureDoesNotMatch: true, bce.CodeRequestExpired: true, bce.CodeIdempotentParameterMismatch: true,
	bce.CodeInappropriateJSON: true, bce.CodeMalformedJSON: true, bce.CodeInvalidHTTPAuthHeader: true,
	bce.CodeInvalidHTTPRequest: true, bce.CodeInvalidURI: true, bce.CodeInvalidVersion: true, bce.CodePreconditionFailed: true,
	bce.CodeInternalError: true, bce.CodePrivateIPInUse: true, bce.CodePrivateIPNotExist: true, bce.CodeNoSuchObject: true,
	CodeBound: true, CodeNotOwn: true,
}
