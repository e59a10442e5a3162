package tasks

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// DerivedTokenPrefix starts each token that [ClientToken] derives. A user's own token must not start with it.
const DerivedTokenPrefix = "havip1-"

// tokenEncoding keeps tokens lower-case, unpadded and safe in a query string.
var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ClientToken derives the idempotency token of one generation of an item: 59 characters of ASCII, of which BCE allows
// 64. The same item always gets the same token, so that a producer that lost all its data repeats its request instead
// of creating a second HaVIP. Two items never share one, because every part is hashed with its length.
func ClientToken(batch, key string, generation int) string {
	parts := appendParts(nil, "havip client token v1", batch, key)
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(parts, uint64(generation))) // #nosec G115 -- counts from 1
	return DerivedTokenPrefix + tokenEncoding.EncodeToString(sum[:])
}

// reservedToken reports whether the token is a derived one. Only its own item may use it; another would receive that
// item's HaVIP.
func reservedToken(token string) bool { return strings.HasPrefix(token, DerivedTokenPrefix) }

// fingerprint identifies an item's request: lane, body, and the user's token if any.
func fingerprint(item Item) string { return fingerprintOf(item, item.Request.Body()) }

func fingerprintOf(item Item, body []byte) string {
	sum := sha256.Sum256(appendParts(nil, item.Account, item.Region, item.ClientToken, string(body)))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// appendParts appends each part with its length, so that different sequences of parts have different bytes.
func appendParts(b []byte, parts ...string) []byte {
	for _, part := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}
