package bcesim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is the text that is signed: method, URI, query and headers, a line each.
// No names means the default set of signed headers.
func canonicalRequest(r *http.Request, signedHeaders []string) (string, *Error) {
	query, refusal := canonicalQuery(r.URL.RawQuery)
	if refusal != nil {
		return "", refusal
	}
	if len(signedHeaders) == 0 {
		signedHeaders = defaultSignedHeaders(r.Header)
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	return strings.Join([]string{
		strings.ToUpper(method),
		canonicalURI(r.URL.Path),
		query,
		canonicalHeaders(signedHeaders, func(name string) string { return headerValue(r, name) }),
	}, "\n"), nil
}

// canonicalURI is the decoded path encoded again, segment by segment.
func canonicalURI(path string) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return encode(path, "/")
}

// canonicalQuery is every parameter but authorization as key=value, sorted as finished
// strings. A parameter without a value is written with an empty one.
func canonicalQuery(raw string) (string, *Error) {
	var pairs []string
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		key, keyErr := url.QueryUnescape(key)
		value, valueErr := url.QueryUnescape(value)
		if keyErr != nil || valueErr != nil {
			return "", refuse(CodeInvalidURI, "the query parameter %q cannot be decoded", part)
		}
		if key == "authorization" {
			continue
		}
		pairs = append(pairs, encode(key, "")+"="+encode(value, ""))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&"), nil
}

// canonicalHeaders is name:value, both encoded, sorted as finished lines. Absent and empty headers
// are left out.
func canonicalHeaders(names []string, value func(name string) string) string {
	var lines []string
	for _, name := range names {
		if v := strings.TrimSpace(value(name)); v != "" {
			lines = append(lines, encode(strings.ToLower(name), "")+":"+encode(v, ""))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// defaultSignedHeaders are the ones signed when the authorization names none.
func defaultSignedHeaders(header http.Header) []string {
	names := []string{"host", "content-length", "content-type", "content-md5"}
	for name := range header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-bce-") {
			names = append(names, lower)
		}
	}
	return names
}

// headerValue also returns headers that Go keeps outside the header map. It includes all values of
// a repeated header; otherwise a third party could add values without invalidating the signature.
func headerValue(r *http.Request, name string) string {
	if values := r.Header.Values(name); len(values) > 0 {
		return strings.Join(values, ",")
	}
	switch strings.ToLower(name) {
	case "host":
		if r.Host != "" {
			return r.Host
		}
		return r.URL.Host
	case "content-length":
		return unsentLength(r)
	}
	return ""
}

// unsentLength is the content-length that Go's transport will add to a request: none for a body of
// unknown length, and 0 only for methods that usually have a body.
func unsentLength(r *http.Request) string {
	switch {
	case r.ContentLength > 0:
		return strconv.FormatInt(r.ContentLength, 10)
	case r.ContentLength == 0 && (r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch):
		return "0"
	}
	return ""
}

// encode keeps A-Za-z0-9-._~ and the bytes of safe, and writes every other byte as %XX.
func encode(s, safe string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&0xf])
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
