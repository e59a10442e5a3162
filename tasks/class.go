package tasks

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"havip/bce"
	"havip/ledger"
)

// Class says, in one word for logs and records, what a request proved.
type Class string

// The classes, and what happens next.
const (
	// ClassCreated: 200 with a haVipId. Done.
	ClassCreated Class = "created"
	// ClassRejected: a definite refusal of this item; it created nothing. Done.
	ClassRejected Class = "rejected"
	// ClassThrottled: too many requests. The item waits; not counted.
	ClassThrottled Class = "throttled"
	// ClassNotSent: no byte left this machine. Counted and retried.
	ClassNotSent Class = "not-sent"
	// ClassUnknown: BCE may or may not have acted. Counted and retried, always with the same clientToken.
	ClassUnknown Class = "unknown"
	// ClassLaneFault: the account or a shared resource is at fault, not the item. The item waits; not counted.
	ClassLaneFault Class = "lane-fault"
	// ClassMismatch: the answer contradicts the item's record (its token was used with other parameters, or a refusal follows an earlier
	// request of unknown outcome). Something may exist: nothing is sent until it is looked up.
	ClassMismatch Class = "mismatch"
)

// Scope is the part of a lane that a fault suspends.
type Scope string

// The scopes of a lane fault, from wide to narrow.
const (
	// ScopeLane: every item of the account fails: key, opt-in, endpoint.
	ScopeLane Scope = "lane"
	// ScopeClock: BCE refused the date that was signed, or the signature had expired.
	ScopeClock Scope = "clock"
	// ScopeDenied: the key lacks the permission, in this subnet or in all: the answer does not say which.
	ScopeDenied Scope = "denied"
	// ScopeQuota: the account's quota is used up.
	ScopeQuota Scope = "quota"
	// ScopeSubnet: the item's subnet has no free address.
	ScopeSubnet Scope = "subnet"
)

// Outcome is what one attempt proved.
type Outcome struct {
	Class Class
	// Scope is set for a lane fault.
	Scope Scope
	// Lookup is set for a lane fault of an item of unknown outcome: as after a mismatch, it is looked up before it is
	// sent again.
	Lookup bool
	// HaVIPID is set for a created HaVIP.
	HaVIPID string
	// Status, Code, Message and RequestID are BCE's; Message is ours if there was no answer.
	Status                   int
	Code, Message, RequestID string
	// RetryAfter is what the server asked for; 0 if it did not.
	RetryAfter time.Duration
	// ServerDate is the server's clock; zero without an answer.
	ServerDate time.Time
}

// Classify decides what the answer to a create proves. It is pure. AfterUnknown means that an earlier attempt of the
// item had an unknown outcome: a refusal may then mean that the attempt created the HaVIP.
func Classify(out *bce.CreateHaVIPOutput, err error, afterUnknown bool) Outcome {
	if err == nil {
		return Outcome{
			Class: ClassCreated, HaVIPID: out.HaVIPID,
			Status: out.StatusCode, RequestID: out.RequestID, ServerDate: out.Date,
		}
	}
	var e *bce.Error
	if !errors.As(err, &e) {
		// The client returns no such error; it proves nothing.
		return Outcome{Class: ClassUnknown, Message: err.Error()}
	}
	o := Outcome{
		Status: e.StatusCode, Code: e.Code, Message: e.Message, RequestID: e.RequestID,
		RetryAfter: e.RetryAfter, ServerDate: e.ServerDate,
	}
	if o.Message == "" {
		o.Message = err.Error()
	}
	o.Class, o.Scope = classify(e, afterUnknown)
	return o
}

// classify applies the rules from the most to the least certain.
func classify(e *bce.Error, afterUnknown bool) (Class, Scope) {
	switch {
	case e.Kind == bce.KindLocal && errors.Is(e, bce.ErrInvalid):
		return ClassRejected, ""
	case e.Kind == bce.KindLocal: // no credentials to sign with
		return ClassLaneFault, ScopeLane
	case !e.Sent:
		return ClassNotSent, ""
	case e.StatusCode == http.StatusTooManyRequests || isThrottling(e.Code):
		return ClassThrottled, ""
	case e.Kind != bce.KindAPI: // no readable answer: a 4xx may be a proxy's
		return ClassUnknown, ""
	case e.Code == bce.CodeIdempotentParameterMismatch: // matched by code: its status is not documented
		return ClassMismatch, ""
	case e.StatusCode < 400 || e.StatusCode > 499 || e.StatusCode == http.StatusRequestTimeout || e.Code == bce.CodeInternalError:
		return ClassUnknown, ""
	case saysUndecided(e): // even a first request, which BCE may be processing
		return ClassUnknown, ""
	case saysThrottled(e.Message):
		return ClassThrottled, ""
	}
	if scope := laneScope(e); scope != "" {
		return ClassLaneFault, scope
	}
	if afterUnknown {
		// The earlier request may have created the HaVIP and so caused this refusal: the address is taken, the token is
		// busy. A lookup decides.
		return ClassMismatch, ""
	}
	return ClassRejected, ""
}

// isThrottling matches the family of codes by their parts, as Baidu's own driver does.
func isThrottling(code string) bool {
	for _, part := range []string{bce.CodeRateLimit, "Throttl", "TooManyRequests", "RequestLimit", "FlowLimit"} {
		if strings.Contains(code, part) {
			return true
		}
	}
	return false
}

// saysThrottled detects throttling by the message of a refusal whose status and code are undocumented and say nothing.
// Without it, an item that was only sent too soon would be rejected.
func saysThrottled(message string) bool {
	return says(message, "too many requests", "rate limit", "request rate", "too frequent")
}

// saysUndecided detects a 4xx that is no refusal: BCE is processing an earlier request, or could not decide now. No status or code is
// documented for it. Words that also occur in advice about a wrong field ("correct it and try again") count only with a status that is
// not about fields.
func saysUndecided(e *bce.Error) bool {
	for _, part := range []string{"InProgress", "Processing", "Locked", "ResourceBusy"} {
		if strings.Contains(e.Code, part) {
			return true
		}
	}
	if says(e.Message, "in progress", "is being processed", "being created") {
		return true
	}
	switch e.StatusCode {
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked, http.StatusTooEarly:
		return says(e.Message, "try again", "retry later", "is locked")
	}
	return false
}

// saysCredentialsExpired detects that a temporary key has expired, whatever the status.
func saysCredentialsExpired(e *bce.Error) bool {
	return strings.Contains(e.Code, "Expired") && e.Code != bce.CodeRequestExpired ||
		strings.Contains(e.Code, "SecurityToken") || strings.Contains(e.Code, "SessionToken") ||
		says(e.Message, "token expired", "token has expired", "token is expired", "expired token")
}

// says reports whether a message contains one of these phrases. Each phrase contains a space, so that a quoted name does not match.
func says(message string, words ...string) bool {
	message = strings.ToLower(message)
	return slices.ContainsFunc(words, func(some string) bool { return strings.Contains(message, some) })
}

// laneScope returns the scope of an answer that is not about the item, or "". 401, 402 and 403 are about the caller, whatever their
// code: BCE's set of codes is open (an expired session token, an account in arrears). 405, 407 and 415 are about the endpoint and the
// protocol. Treating one as a refusal of the item would reject a whole batch.
func laneScope(e *bce.Error) Scope {
	switch {
	case strings.Contains(e.Code, bce.CodeSubnetHasNoMoreIP):
		return ScopeSubnet
	case IsQuota(e.Code):
		return ScopeQuota
	case e.Code == bce.CodeRequestExpired:
		return ScopeClock
	case saysCredentialsExpired(e):
		return ScopeLane
	}
	switch e.Code {
	case bce.CodeSignatureDoesNotMatch, bce.CodeInvalidAccessKeyID, bce.CodeOptInRequired, bce.CodeQualifyNotPass,
		bce.CodeInvalidHTTPAuthHeader, bce.CodeInvalidHTTPRequest, bce.CodeInvalidURI, bce.CodeInvalidVersion:
		return ScopeLane
	case bce.CodeAccessDenied: // a policy may deny one subnet
		return ScopeDenied
	}
	switch e.StatusCode {
	case http.StatusForbidden:
		return ScopeDenied
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusUnsupportedMediaType:
		return ScopeLane
	}
	return ""
}

// IsDenied reports whether BCE answered that the key lacks the permission.
func IsDenied(err error) bool {
	var e *bce.Error
	return errors.As(err, &e) && e.Kind == bce.KindAPI && laneScope(e) == ScopeDenied
}

// IsQuota reports whether the code says that a quota is used up.
func IsQuota(code string) bool {
	return strings.Contains(code, bce.CodeLimitExceeded) || strings.Contains(code, bce.CodeExceedLimit)
}

// entry converts the outcome for the ledger: the item's next state, and whether the request counts.
func (o Outcome) entry(address string, took time.Duration) ledger.Outcome {
	e := ledger.Outcome{
		Class: string(o.Class), Status: o.Status, Code: o.Code, Message: bounded(o.Message),
		RequestID: o.RequestID, DurationMS: took.Milliseconds(),
	}
	switch o.Class {
	case ClassCreated:
		e.State, e.Counted, e.HaVIPID, e.PrivateIPAddress = ledger.Created, true, o.HaVIPID, address
	case ClassRejected:
		e.State, e.Counted = ledger.Rejected, true
	case ClassNotSent:
		e.State, e.Counted = ledger.Queued, true
	case ClassUnknown:
		e.State, e.Counted, e.Unknown = ledger.Unknown, true, true
	case ClassThrottled, ClassLaneFault:
		e.State, e.Lookup, e.Unheard = ledger.Waiting, o.Lookup, o.Scope == ScopeClock
	case ClassMismatch:
		e.State, e.Counted, e.Unknown, e.Lookup = ledger.Unknown, true, true, true
	case ClassDeleted, ClassNotFound, ClassRefused: // of deletes; see Outcome.removal
	}
	return e
}

// maxRecordedMessage bounds a message in Redis, in bytes.
const maxRecordedMessage = 300

func bounded(message string) string {
	if len(message) <= maxRecordedMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxRecordedMessage], "") + "…"
}
