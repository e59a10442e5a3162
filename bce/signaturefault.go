package bce

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// signedText is the canonical request of a signed request; "" if it has none.
func signedText(req *http.Request) string {
	var c canonicalRequest
	if addHeaders(&c.headers, req) != nil || c.build(req.Method, req.URL.EscapedPath(), req.URL.RawQuery) != nil {
		return ""
	}
	return string(c.text)
}

// explainSignature replaces the message of a [CodeSignatureDoesNotMatch] with the server's canonical request by what that means: the
// first line that is not the signed one, such as that of a host that a proxy changed, or that the secret is wrong. A message without
// one is returned unchanged.
func explainSignature(message, signed string) string {
	start := strings.IndexByte(message, '"')
	if start < 0 || signed == "" {
		return message
	}
	quoted, err := strconv.QuotedPrefix(message[start:])
	if err != nil {
		return message
	}
	read, err := strconv.Unquote(quoted)
	if err != nil || !strings.Contains(read, "\n") {
		return message
	}
	return compareSigned(strings.Split(read, "\n"), strings.Split(signed, "\n"))
}

func compareSigned(read, signed []string) string {
	const nothing = "no line"
	for i := range max(len(read), len(signed)) {
		theirs, ours := nothing, nothing
		if i < len(read) {
			theirs = strconv.Quote(withoutToken(read[i]))
		}
		if i < len(signed) {
			ours = strconv.Quote(withoutToken(signed[i]))
		}
		if i >= len(read) || i >= len(signed) || read[i] != signed[i] {
			return fmt.Sprintf("the server read %s, but %s was signed", theirs, ours)
		}
	}
	return "the secret access key is wrong; the server read the request as it was signed"
}

// withoutToken hides the session token, which is percent-encoded in its line.
func withoutToken(line string) string {
	if name, _, found := strings.Cut(line, ":"); found && strings.EqualFold(name, headerSecurityToken) {
		return name + ":[redacted]"
	}
	return line
}
