package bce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// maxSigningKeys limits the cache. A key is for one second of one access key, so this suffices for
// many lanes. A full cache is cleared, which costs one HMAC for each key.
const maxSigningKeys = 64

// signingKey derives the key of one access key for one second. Its 64 hex characters are
// used as text, not decoded, by [signature].
func signingKey(secretAccessKey, authPrefix string) string {
	return hmacHex(secretAccessKey, authPrefix)
}

// signature is the last step: HMAC of the canonical request under the signing key.
func signature(signingKey, canonicalRequest string) string {
	return hmacHex(signingKey, canonicalRequest)
}

func hmacHex(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// keyCache caches signing keys. Its map key includes the secret besides the prefix (access key,
// second and expiry), so that a rotated secret never gets the old secret's signing key.
type keyCache struct {
	mu   sync.Mutex
	keys map[keyID]string
}

type keyID struct{ secretAccessKey, authPrefix string }

func (c *keyCache) get(secretAccessKey, authPrefix string) string {
	id := keyID{secretAccessKey, authPrefix}
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok := c.keys[id]; ok {
		return key
	}
	if c.keys == nil || len(c.keys) >= maxSigningKeys {
		c.keys = make(map[keyID]string, maxSigningKeys)
	}
	key := signingKey(secretAccessKey, authPrefix)
	c.keys[id] = key
	return key
}
