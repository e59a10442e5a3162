package bce

const upperHex = "0123456789ABCDEF"

// uriEncode is UriEncode of the specification: the unreserved characters of RFC 3986 stay,
// every other byte becomes %XX in upper case. [net/url] keeps other sets ("!", "*", "+" for
// a space), any of which would change the signature.
func uriEncode(s string) string { return string(appendURIEncoded(nil, s)) }

// appendURIEncoded appends [uriEncode] of s.
func appendURIEncoded[text string | []byte](dst []byte, s text) []byte {
	from := 0 // what is before it is appended
	for i := range len(s) {
		if c := s[i]; !unreserved[c] {
			dst = append(dst, s[from:i]...)
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&0x0f])
			from = i + 1
		}
	}
	return append(dst, s[from:]...)
}

// unreserved has the unreserved characters of RFC 3986, section 2.3.
var unreserved = func() (set [256]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~" {
		set[c] = true
	}
	return set
}()
