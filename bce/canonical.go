package bce

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// param is one query parameter or one header: a name and its value, neither encoded.
type param struct{ name, value string }

// canonicalRequest joins the four canonical parts; its HMAC is the signature.
func canonicalRequest(method, uri, query, headers string) string {
	return strings.Join([]string{strings.ToUpper(method), uri, query, headers}, "\n")
}

// canonicalURI is CanonicalURI of the specification, for a path in the escaped form in which it
// is sent. Segments are encoded one by one, so that an escaped slash in a segment stays escaped.
func canonicalURI(escapedPath string) (string, error) {
	if escapedPath == "" {
		return "/", nil
	}
	segments := strings.Split(escapedPath, "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return "", fmt.Errorf("path %q: %w", escapedPath, err)
		}
		segments[i] = uriEncode(plain)
	}
	uri := strings.Join(segments, "/")
	if !strings.HasPrefix(uri, "/") {
		uri = "/" + uri
	}
	return uri, nil
}

// canonicalQuery is CanonicalQueryString: the finished k=v strings are sorted, not the
// names ("text10=" comes before "text1=", for '0' sorts before '='). A parameter without a
// value is "k=". The parameter authorization is left out.
func canonicalQuery(params []param) string {
	pairs := make([]string, 0, len(params))
	for _, p := range params {
		if strings.EqualFold(p.name, "authorization") {
			continue
		}
		pairs = append(pairs, uriEncode(p.name)+"="+uriEncode(p.value))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// parseQuery splits a query as sent on the wire.
func parseQuery(raw string) ([]param, error) {
	var params []param
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		plainName, err := url.QueryUnescape(name)
		if err != nil {
			return nil, fmt.Errorf("query parameter %q: %w", name, err)
		}
		plainValue, err := url.QueryUnescape(value)
		if err != nil {
			return nil, fmt.Errorf("query parameter %q: %w", name, err)
		}
		params = append(params, param{plainName, plainValue})
	}
	return params, nil
}

// canonicalHeaders is CanonicalHeaders, with the signed names, sorted and joined by semicolons.
// Names are in lower case and values trimmed; a header with an empty value is not signed ("0"
// is not empty). The finished lines are sorted: "x-bce-a-b:" comes before "x-bce-a:".
func canonicalHeaders(headers []param) (lines, signedHeaders string) {
	finished := make([]string, 0, len(headers))
	names := make([]string, 0, len(headers))
	for _, h := range headers {
		value := strings.TrimSpace(h.value)
		if value == "" {
			continue
		}
		name := strings.ToLower(strings.TrimSpace(h.name))
		names = append(names, name)
		finished = append(finished, uriEncode(name)+":"+uriEncode(value))
	}
	slices.Sort(finished)
	slices.Sort(names)
	return strings.Join(finished, "\n"), strings.Join(names, ";")
}
