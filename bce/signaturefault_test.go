package bce

import (
	"fmt"
	"strings"
	"testing"
)

func TestExplainSignature(t *testing.T) {
	t.Parallel()
	const signed = "GET\n/v1/havip\nmaxKeys=1\nhost:bcc.bj.baidubce.com\nx-bce-security-token:a%2Bb"
	for name, tt := range map[string]struct{ read, want string }{
		"same":      {signed, "the secret access key is wrong; the server read the request as it was signed"},
		"host":      {strings.Replace(signed, "bcc.bj.baidubce.com", "10.0.0.1", 1), `the server read "host:10.0.0.1", but "host:bcc.bj.baidubce.com" was signed`},
		"a line":    {strings.TrimSuffix(signed, "\nx-bce-security-token:a%2Bb"), `the server read no line, but "x-bce-security-token:[redacted]" was signed`},
		"one more":  {signed + "\nz:1", `the server read "z:1", but no line was signed`},
		"not asked": {"x", `no match; the canonical request is "x"`},
	} {
		if got := explainSignature(fmt.Sprintf("no match; the canonical request is %q", tt.read), signed); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, tt.want)
		}
	}
	for _, message := range []string{"", "no match", `cut off "GET\n/v1`} {
		if got := explainSignature(message, signed); got != message {
			t.Errorf("%q became %q", message, got)
		}
	}
}
