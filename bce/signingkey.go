package bce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	authVersion     = "bce-auth-v1"
	timestampLayout = "2006-01-02T15:04:05Z"
)

// maxSigningKeys limits the cache. A key is for one second of one access key, so this suffices for
// many lanes. A full cache is cleared, which costs one HMAC for each key.
const maxSigningKeys = 64

// signingKey signs what one access key sends in one second.
type signingKey struct {
	// timestamp is the x-bce-date, and authPrefix the beginning of Authorization: version, access key, time and expiry.
	timestamp, authPrefix string
	// macs has HMACs under the derived key, to be used again: creating one costs as much as using it.
	macs sync.Pool
}

// newSigningKey derives the key. Its 64 hex characters are used as text, not decoded.
func newSigningKey(accessKeyID, secretAccessKey, timestamp string, expiry time.Duration) *signingKey {
	seconds := strconv.FormatInt(int64(expiry/time.Second), 10)
	prefix := strings.Join([]string{authVersion, accessKeyID, timestamp, seconds}, "/")
	derived := []byte(deriveKey(secretAccessKey, prefix))
	return &signingKey{
		timestamp: timestamp, authPrefix: prefix,
		macs: sync.Pool{New: func() any { return hmac.New(sha256.New, derived) }},
	}
}

func deriveKey(secretAccessKey, authPrefix string) string {
	mac := hmac.New(sha256.New, []byte(secretAccessKey))
	mac.Write([]byte(authPrefix))
	return hex.EncodeToString(mac.Sum(nil))
}

// appendSignature appends the HMAC of a canonical request, in hexadecimal.
func (k *signingKey) appendSignature(dst, canonicalRequest []byte) []byte {
	mac := k.macs.Get().(hash.Hash) //nolint:forcetypeassert // only New fills the pool
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write(canonicalRequest)
	// The sum is computed into dst, and moved apart into its hexadecimal digits.
	start := len(dst)
	dst = mac.Sum(dst)
	var sum [sha256.Size]byte
	copy(sum[:], dst[start:])
	return hex.AppendEncode(dst[:start], sum[:])
}

// keyCache caches signing keys.
type keyCache struct {
	mu   sync.Mutex
	keys map[keyID]*signingKey
}

// keyID includes the secret, so that a rotated secret never gets the old secret's signing key.
type keyID struct {
	accessKeyID, secretAccessKey string
	second                       int64
	expiry                       time.Duration
}

func (c *keyCache) get(s secrets, at time.Time, expiry time.Duration) *signingKey {
	id := keyID{s.accessKeyID, s.secretAccessKey, at.Unix(), expiry}
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok := c.keys[id]; ok {
		return key
	}
	if c.keys == nil || len(c.keys) >= maxSigningKeys {
		c.keys = make(map[keyID]*signingKey, maxSigningKeys)
	}
	key := newSigningKey(s.accessKeyID, s.secretAccessKey, at.UTC().Format(timestampLayout), expiry)
	c.keys[id] = key
	return key
}
