package tasks

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"
)

// tokenPrefix marks derived tokens, and is refused in a user's own.
const tokenPrefix = "havip1-"

// tokenEncoding keeps tokens lower-case, unpadded and safe in a query string.
var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ClientToken derives the idempotency token of one generation of an item: 59 characters of
// ASCII, of which BCE allows 64. The same item always gets the same token, so that a producer
// that lost everything it knew still repeats itself instead of creating a second HaVIP; two
// items never share one, since every part is hashed with its length.
func ClientToken(batch, key string, generation int) string {
	h := sha256.New()
	writePart(h, "havip client token v1")
	writePart(h, batch)
	writePart(h, key)
	_ = binary.Write(h, binary.BigEndian, uint64(generation)) // #nosec G115 -- counts from 1
	return tokenPrefix + tokenEncoding.EncodeToString(h.Sum(nil))
}

// reservedToken reports whether the token is of our own making, which only its own item may
// carry: given to another it would fetch that item's HaVIP.
func reservedToken(token string) bool { return strings.HasPrefix(token, tokenPrefix) }

// fingerprint identifies what an item asks for: lane, body, and the user's token if any.
func fingerprint(item Item) string {
	h := sha256.New()
	writePart(h, item.Account)
	writePart(h, item.Region)
	writePart(h, item.ClientToken)
	writePart(h, string(item.Request.Body()))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// writePart hashes a part with its length, so that no two sequences of parts run together.
// A hash's Write never fails.
func writePart(h io.Writer, part string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	_, _ = h.Write(length[:])
	_, _ = io.WriteString(h, part)
}
