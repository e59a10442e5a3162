package bcesim

import (
	"fmt"
	"net/http"
)

// The codes that the simulator answers with. Those of the first group stand in Baidu's
// public table of common errors; the second group was seen in Baidu's own drivers; the
// HaVIP pages document none of their own.
const (
	CodeAccessDenied          = "AccessDenied"
	CodeIdempotentMismatch    = "IdempotentParameterMismatch"
	CodeInappropriateJSON     = "InappropriateJSON"
	CodeInternalError         = "InternalError"
	CodeInvalidAccessKeyID    = "InvalidAccessKeyId"
	CodeInvalidHTTPAuthHeader = "InvalidHTTPAuthHeader"
	CodeInvalidHTTPRequest    = "InvalidHTTPRequest"
	CodeInvalidURI            = "InvalidURI"
	CodeInvalidVersion        = "InvalidVersion"
	CodeMalformedJSON         = "MalformedJSON"
	CodePreconditionFailed    = "PreconditionFailed"
	CodeRequestExpired        = "RequestExpired"
	CodeSignatureDoesNotMatch = "SignatureDoesNotMatch"

	CodeNoSuchObject       = "NoSuchObject"
	CodePrivateIPInUse     = "PrivateIpInUseException"
	CodeQuotaLimitExceeded = "QuotaLimitExceeded"
	CodeRateLimit          = "RateLimit"
	CodeSubnetFull         = "SubnetHasNoMoreIpException"
	// CodePrivateIPOutside is the simulator's own invention: what BCE says to an address
	// outside the subnet is not documented.
	CodePrivateIPOutside = "PrivateIpNotInSubnetException"
	// CodeServiceUnavailable comes with a simulated 503 only.
	CodeServiceUnavailable = "ServiceUnavailable"
)

// Error is a refusal as BCE words it: the HTTP status to answer with, and the code and
// message of the answer's body.
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Message)
}

// refuse makes a 400, the status of most refusals.
func refuse(code, format string, args ...any) *Error {
	return refuseWith(http.StatusBadRequest, code, format, args...)
}

func refuseWith(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}
