package bce

import "strings"

const upperHex = "0123456789ABCDEF"

// uriEncode is UriEncode of the specification: the unreserved characters of RFC 3986 stay,
// every other byte becomes %XX in upper case. [net/url] keeps other sets ("!", "*", "+" for
// a space), any of which would change the signature.
func uriEncode(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&0x0f])
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
