package tasks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"havip/ledger"
)

// DerivedTokenPrefix starts each token that [ClientToken] derives. A user's own token must not start with it.
const DerivedTokenPrefix = ledger.DerivedTokenPrefix

// ClientToken is [ledger.ClientToken].
func ClientToken(batch, key string, generation int) string {
	return ledger.ClientToken(batch, key, generation)
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
