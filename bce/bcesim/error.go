package bcesim

import (
	"fmt"
	"net/http"
)

// The simulator's codes. The first group is in Baidu's public table of common errors, the second
// in Baidu's own drivers; the HaVIP pages document none.
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
	// CodePrivateIPOutside is invented: BCE's code for an address outside the subnet is not
	// documented.
	CodePrivateIPOutside = "PrivateIpNotInSubnetException"
	// CodeServiceUnavailable is the code of a simulated 503.
	CodeServiceUnavailable = "ServiceUnavailable"
)

// Error is a refusal: the HTTP status, and the code and message of the body.
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Message)
}

// refuse returns a 400, the status of most refusals.
func refuse(code, format string, args ...any) *Error {
	return refuseWith(http.StatusBadRequest, code, format, args...)
}

func refuseWith(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}
