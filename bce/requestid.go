package bce

import (
	"crypto/rand"
	"encoding/hex"
)

// newRequestID returns a random UUID. Every request has its own, as in Baidu's SDKs; because x-bce-*
// headers are signed, two attempts within one second have different signatures.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	id := hex.AppendEncode(make([]byte, 0, 36), b[0:4])
	for _, part := range [][]byte{b[4:6], b[6:8], b[8:10], b[10:]} {
		id = hex.AppendEncode(append(id, '-'), part)
	}
	return string(id)
}
