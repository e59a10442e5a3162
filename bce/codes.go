package bce

// Error codes of BCE, as in [Error.Code]. Match the code, not the status: the statuses below are
// the documented ones, and services differ.
//
// The first group is BCE's common table
// (https://cloud.baidu.com/doc/VPC/s/sjwvyuhe7 and its like for other services).
const (
	// CodeAccessDenied (403): the key may not do this, in one subnet or in any.
	CodeAccessDenied = "AccessDenied"
	// CodeQualifyNotPass (403): the account's real-name verification is missing.
	CodeQualifyNotPass = "QualifyNotPass"
	// CodeOptInRequired (403): the account has not opted in to the service.
	CodeOptInRequired = "OptInRequired"
	// CodeInvalidAccessKeyID (403): there is no such access key.
	CodeInvalidAccessKeyID = "InvalidAccessKeyId"
	// CodeSignatureDoesNotMatch (400): the secret is wrong, or the request was changed on
	// its way.
	CodeSignatureDoesNotMatch = "SignatureDoesNotMatch"
	// CodeRequestExpired (400): x-bce-date is more than 30 minutes from the server's clock,
	// or the signature has expired. [Error.ServerDate] shows the clock's offset.
	CodeRequestExpired = "RequestExpired"
	// CodeIdempotentParameterMismatch (403): the ClientToken was used before with another
	// query, body or path. The earlier request may have created something.
	CodeIdempotentParameterMismatch = "IdempotentParameterMismatch"
	// CodeInappropriateJSON (400): well-formed JSON of the wrong shape.
	CodeInappropriateJSON = "InappropriateJSON"
	// CodeMalformedJSON (400): not JSON.
	CodeMalformedJSON = "MalformedJSON"
	// CodeInvalidHTTPAuthHeader (400): the Authorization header cannot be read.
	CodeInvalidHTTPAuthHeader = "InvalidHTTPAuthHeader"
	// CodeInvalidHTTPRequest (400): the request cannot be read.
	CodeInvalidHTTPRequest = "InvalidHTTPRequest"
	// CodeInvalidURI (400): the path is wrong.
	CodeInvalidURI = "InvalidURI"
	// CodeInvalidVersion (404): the path names an API version that does not exist.
	CodeInvalidVersion = "InvalidVersion"
	// CodePreconditionFailed (412): a condition of the request does not hold.
	CodePreconditionFailed = "PreconditionFailed"
	// CodeInternalError (500): the outcome is unknown. The documented advice is to retry; a
	// create must be retried under the same ClientToken.
	CodeInternalError = "InternalError"
)

// Codes that the VPC service returns but that are not documented for HaVIPs. Baidu's own network
// driver matches them as substrings, so compare with [strings.Contains].
const (
	// CodeRateLimit: too many requests; retry later.
	CodeRateLimit = "RateLimit"
	// CodeSubnetHasNoMoreIP: the subnet is full.
	CodeSubnetHasNoMoreIP = "SubnetHasNoMoreIpException"
	// CodePrivateIPInUse: the address asked for is taken.
	CodePrivateIPInUse = "PrivateIpInUseException"
	// CodePrivateIPNotExist: the address asked for does not exist.
	CodePrivateIPNotExist = "PrivateIPNotExistException"
	// CodeQuotaLimitExceeded: the account's quota is used up.
	CodeQuotaLimitExceeded = "QuotaLimitExceeded"
	// CodeLimitExceeded is another name of a used-up quota.
	CodeLimitExceeded = "LimitExceeded"
	// CodeExceedLimit is another name of a used-up quota.
	CodeExceedLimit = "ExceedLimitException"
	// CodeNoSuchObject: the object does not exist; seen with status 400. Other services return
	// NotFound, ResourceNotFound or InstanceNotExist.
	CodeNoSuchObject = "NoSuchObject"
)
