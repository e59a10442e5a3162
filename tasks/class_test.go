package tasks

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/bce"
	"havip/ledger"
)

// api is an answer with a BCE code.
func api(status int, code string) *bce.Error {
	return &bce.Error{Op: "create havip", Kind: bce.KindAPI, Sent: true, StatusCode: status, Code: code}
}

// saying is api with a message.
func saying(status int, code, message string) *bce.Error {
	e := api(status, code)
	e.Message = message
	return e
}

// The rule book: what each answer proves.
func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		err          error
		afterUnknown bool
		class        Class
		scope        Scope
	}{
		{name: "connection refused", err: &bce.Error{Kind: bce.KindDial}, class: ClassNotSent},
		{name: "no such host", err: &bce.Error{Kind: bce.KindDNS}, class: ClassNotSent},
		{name: "bad certificate", err: &bce.Error{Kind: bce.KindTLS}, class: ClassNotSent},
		{name: "canceled before a byte", err: &bce.Error{Kind: bce.KindCanceled}, class: ClassNotSent},

		{name: "timeout after sending", err: &bce.Error{Kind: bce.KindTimeout, Sent: true}, class: ClassUnknown},
		{name: "reset after sending", err: &bce.Error{Kind: bce.KindBroken, Sent: true}, class: ClassUnknown},
		{name: "canceled after sending", err: &bce.Error{Kind: bce.KindCanceled, Sent: true}, class: ClassUnknown},
		{name: "200 without a haVipId", err: &bce.Error{Kind: bce.KindMissingID, Sent: true, StatusCode: 200, Err: bce.ErrMissingID}, class: ClassUnknown},
		{name: "200 truncated", err: &bce.Error{Kind: bce.KindUnreadable, Sent: true, StatusCode: 200}, class: ClassUnknown},
		{name: "502 of a gateway", err: &bce.Error{Kind: bce.KindUnreadable, Sent: true, StatusCode: 502}, class: ClassUnknown},
		{name: "403 of a gateway is not BCE's word", err: &bce.Error{Kind: bce.KindUnreadable, Sent: true, StatusCode: 403}, class: ClassUnknown},
		{name: "302 of a portal", err: &bce.Error{Kind: bce.KindUnreadable, Sent: true, StatusCode: 302}, class: ClassUnknown},
		{name: "500 InternalError", err: api(500, bce.CodeInternalError), class: ClassUnknown},
		{name: "503 with a code that would be a no on 4xx", err: api(503, bce.CodePrivateIPInUse), class: ClassUnknown},
		{name: "InternalError on 400", err: api(400, bce.CodeInternalError), class: ClassUnknown},
		{name: "408", err: api(408, "RequestTimeout"), class: ClassUnknown},
		{name: "an error of nobody we know", err: errors.New("boom"), class: ClassUnknown},

		{name: "429 without a code", err: &bce.Error{Kind: bce.KindUnreadable, Sent: true, StatusCode: 429}, class: ClassThrottled},
		{name: "429 with an unknown code", err: api(429, "Whatever"), class: ClassThrottled},
		{name: "RateLimit on 400", err: api(400, "RateLimit"), class: ClassThrottled},
		{name: "a longer name of it on 503", err: api(503, "RequestRateLimitExceeded"), class: ClassThrottled},

		{name: "throttled in words, on 400", err: saying(400, "Busy", "Too many requests, please slow down"), class: ClassThrottled},
		{name: "throttled in words, on 403", err: saying(403, "Busy", "the request rate is too high"), class: ClassThrottled},
		{name: "throttled in words, after an unknown outcome", err: saying(409, "Busy", "requests are too frequent"), afterUnknown: true, class: ClassThrottled},
		{name: "throttled in words, on 500", err: saying(500, bce.CodeInternalError, "rate limit"), class: ClassUnknown},
		{name: "a name that sounds like it", err: saying(400, bce.CodeInappropriateJSON, `name "rate-limit_too.many/requests" is taken`), class: ClassRejected},

		{name: "address taken", err: api(400, bce.CodePrivateIPInUse), class: ClassRejected},
		{name: "address taken after an unknown outcome", err: api(400, bce.CodePrivateIPInUse), afterUnknown: true, class: ClassMismatch},
		{name: "no such subnet", err: api(400, bce.CodeNoSuchObject), class: ClassRejected},
		{name: "any no after an unknown outcome", err: api(404, bce.CodeNoSuchObject), afterUnknown: true, class: ClassMismatch},
		{name: "the token is busy after an unknown outcome", err: api(409, "RequestInProgress"), afterUnknown: true, class: ClassUnknown},
		{name: "the first request is in progress", err: api(409, "OperationInProgress"), class: ClassUnknown},
		{name: "in progress, with any status", err: api(400, "RequestIsProcessing"), class: ClassUnknown},
		{name: "in progress, in words", err: saying(400, "Conflict", "A create with this clientToken is in progress"), class: ClassUnknown},
		{name: "locked, with words", err: saying(423, "Resource", "the VPC is locked, please try again"), class: ClassUnknown},
		{name: "a precondition that may hold later", err: saying(412, bce.CodePreconditionFailed, "please retry later"), class: ClassUnknown},
		{name: "advice about a field is a no", err: saying(400, "InvalidName", "the name is wrong; correct it and try again"), class: ClassRejected},
		{name: "a session token has expired, with 400", err: api(400, "ExpiredToken"), class: ClassLaneFault, scope: ScopeLane},
		{name: "a session token has expired, in words", err: saying(400, "InvalidParameter", "The security token has expired"), class: ClassLaneFault, scope: ScopeLane},
		{name: "a lane fault after an unknown outcome", err: api(403, bce.CodeAccessDenied), afterUnknown: true, class: ClassLaneFault, scope: ScopeDenied},
		{name: "403 with a code never seen", err: api(403, "SessionTokenExpired"), class: ClassLaneFault, scope: ScopeLane},
		{name: "403 with another code never seen", err: api(403, "NoPermission"), class: ClassLaneFault, scope: ScopeDenied},
		{name: "405 of a wrong endpoint", err: api(405, "MethodNotAllowed"), class: ClassLaneFault, scope: ScopeLane},
		{name: "407 of a proxy", err: api(407, "ProxyAuthenticationRequired"), class: ClassLaneFault, scope: ScopeLane},
		{name: "415", err: api(415, "UnsupportedMediaType"), class: ClassLaneFault, scope: ScopeLane},
		{name: "401", err: api(401, "Whatever"), class: ClassLaneFault, scope: ScopeLane},
		{name: "402", err: api(402, "AccountOverdue"), class: ClassLaneFault, scope: ScopeLane},
		{name: "quota on 403", err: api(403, bce.CodeQuotaLimitExceeded), class: ClassLaneFault, scope: ScopeQuota},
		{name: "wrong version", err: api(404, bce.CodeInvalidVersion), class: ClassLaneFault, scope: ScopeLane},
		{name: "wrong URI", err: api(400, bce.CodeInvalidURI), class: ClassLaneFault, scope: ScopeLane},
		{name: "malformed", err: api(400, bce.CodeMalformedJSON), class: ClassRejected},
		{name: "a code never seen on 4xx", err: api(409, "Surprise"), class: ClassRejected},
		{name: "refused here as invalid", err: &bce.Error{Kind: bce.KindLocal, Err: bce.ErrInvalid}, class: ClassRejected},

		{name: "token used otherwise, documented status", err: api(403, bce.CodeIdempotentParameterMismatch), class: ClassMismatch},
		{name: "token used otherwise, another status", err: api(500, bce.CodeIdempotentParameterMismatch), class: ClassMismatch},

		{name: "denied", err: api(403, bce.CodeAccessDenied), class: ClassLaneFault, scope: ScopeDenied},
		{name: "denied, another status", err: api(400, bce.CodeAccessDenied), class: ClassLaneFault, scope: ScopeDenied},
		{name: "no such key, another status", err: api(400, bce.CodeInvalidAccessKeyID), class: ClassLaneFault, scope: ScopeLane},
		{name: "no such key", err: api(403, bce.CodeInvalidAccessKeyID), class: ClassLaneFault, scope: ScopeLane},
		{name: "wrong secret", err: api(400, bce.CodeSignatureDoesNotMatch), class: ClassLaneFault, scope: ScopeLane},
		{name: "not opted in", err: api(403, bce.CodeOptInRequired), class: ClassLaneFault, scope: ScopeLane},
		{name: "not verified", err: api(403, bce.CodeQualifyNotPass), class: ClassLaneFault, scope: ScopeLane},
		{name: "no credentials here", err: &bce.Error{Kind: bce.KindLocal, Err: bce.ErrNoCredentials}, class: ClassLaneFault, scope: ScopeLane},
		{name: "clock", err: api(400, bce.CodeRequestExpired), class: ClassLaneFault, scope: ScopeClock},
		{name: "quota", err: api(400, bce.CodeQuotaLimitExceeded), class: ClassLaneFault, scope: ScopeQuota},
		{name: "quota by another name", err: api(400, "HavipExceedLimitException"), class: ClassLaneFault, scope: ScopeQuota},
		{name: "subnet full", err: api(400, bce.CodeSubnetHasNoMoreIP), class: ClassLaneFault, scope: ScopeSubnet},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := Classify(nil, fmt.Errorf("wrapped: %w", test.err), test.afterUnknown)
			if got.Class != test.class || got.Scope != test.scope {
				t.Errorf("got %s %s, want %s %s", got.Class, got.Scope, test.class, test.scope)
			}
			if got.Message == "" {
				t.Error("no message for people")
			}
		})
	}
}

func TestClassifyCreated(t *testing.T) {
	t.Parallel()
	out := &bce.CreateHaVIPOutput{HaVIPID: "havip-1", ResponseMeta: bce.ResponseMeta{StatusCode: 200, RequestID: "r-1"}}
	got := Classify(out, nil, true)
	want := Outcome{Class: ClassCreated, HaVIPID: "havip-1", Status: 200, RequestID: "r-1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Which outcomes count, end the item, or leave its outcome unknown.
func TestOutcomeEntry(t *testing.T) {
	t.Parallel()
	type entry struct {
		State            ledger.State
		Counted, Unknown bool
	}
	want := map[Class]entry{
		ClassCreated:   {ledger.Created, true, false},
		ClassRejected:  {ledger.Rejected, true, false},
		ClassNotSent:   {ledger.Queued, true, false},
		ClassUnknown:   {ledger.Unknown, true, true},
		ClassMismatch:  {ledger.Unknown, true, true},
		ClassThrottled: {ledger.Waiting, false, false},
		ClassLaneFault: {ledger.Waiting, false, false},
	}
	for class, want := range want {
		got := Outcome{Class: class}.entry("", time.Second)
		if diff := cmp.Diff(want, entry{got.State, got.Counted, got.Unknown}); diff != "" {
			t.Errorf("%s: %s", class, diff)
		}
	}
	long := Outcome{Class: ClassRejected, Message: strings.Repeat("网", 500)}.entry("", 0)
	if len(long.Message) > maxRecordedMessage+len("…") || !strings.HasSuffix(long.Message, "网…") {
		t.Errorf("long message: %d bytes, ends %q", len(long.Message), long.Message[len(long.Message)-6:])
	}
}
