package tasks

import "testing"

// Every code that BCE may send becomes one of few label values.
func TestCodeFamily(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		outcome Outcome
		want    string
	}{
		{Outcome{Class: ClassCreated, Status: 200}, "none"},
		{Outcome{Class: ClassNotSent, Message: "connection refused"}, "none"},
		{Outcome{Status: 502}, "http_5xx"},
		{Outcome{Status: 429}, "http_4xx"},
		{Outcome{Status: 429, Code: "RateLimit"}, "throttling"},
		{Outcome{Status: 400, Code: "RequestThrottledByVpc"}, "throttling"},
		{Outcome{Status: 400, Code: "HaVipQuotaLimitExceeded"}, "quota"},
		{Outcome{Status: 400, Code: "Havip.SubnetHasNoMoreIpException"}, "SubnetHasNoMoreIpException"},
		{Outcome{Status: 403, Code: "SignatureDoesNotMatch"}, "SignatureDoesNotMatch"},
		{Outcome{Status: 400, Code: "SomethingNew\n{x=\"1\"}"}, "other"},
	} {
		if got := CodeFamily(tt.outcome); got != tt.want {
			t.Errorf("status %d, code %q: got %q, want %q", tt.outcome.Status, tt.outcome.Code, got, tt.want)
		}
	}
}
